// The whole state of a chip and what is around it, kept and put back at another time.
//
// Every object that can be reached is left where it is, for closures refer to it; what is kept are
// the values of its fields, the items of its arrays, maps and sets, and the bytes of its memory.

const isMemory = (object) => ArrayBuffer.isView(object);

/** How to put one object back as it is now; `found` is called with everything it refers to. */
function kept(object, found) {
  if (object instanceof Map) {
    const entries = [...object];
    entries.flat().forEach(found);
    return () => {
      object.clear();
      for (const [key, value] of entries) object.set(key, value);
    };
  }
  if (object instanceof Set) {
    const items = [...object];
    items.forEach(found);
    return () => {
      object.clear();
      for (const item of items) object.add(item);
    };
  }
  if (Array.isArray(object)) {
    const items = object.slice();
    items.forEach(found);
    return () => {
      object.length = items.length;
      for (let at = 0; at < items.length; at += 1) object[at] = items[at];
    };
  }
  const fields = Object.entries(Object.getOwnPropertyDescriptors(object)).filter(
    ([, field]) => field.writable,
  );
  const names = new Set(fields.map(([name]) => name));
  fields.forEach(([, field]) => found(field.value));
  return () => {
    // deleting a field of an object makes all that is done with it slow: only what is new goes
    for (const name of Object.keys(object)) if (!names.has(name)) delete object[name];
    for (const [name, { value }] of fields) if (object[name] !== value) object[name] = value;
  };
}

/** All that can be reached from `roots`, as it is now; `restore` puts it back. */
export function snapshot(roots) {
  const seen = new Set();
  const waiting = [...roots];
  const undo = [];
  const found = (value) => {
    if (value !== null && typeof value === 'object' && !seen.has(value)) waiting.push(value);
  };
  while (waiting.length) {
    const object = waiting.pop();
    if (seen.has(object)) continue;
    seen.add(object);
    if (isMemory(object)) {
      found(object.buffer);
    } else if (object instanceof ArrayBuffer) {
      const bytes = new Uint8Array(object).slice();
      undo.push(() => new Uint8Array(object).set(bytes));
    } else {
      undo.push(kept(object, found));
    }
  }
  return { restore: () => undo.forEach((put) => put()) };
}
