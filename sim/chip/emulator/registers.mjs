// Registers laid over those of a block of rp2040js.

const byOffset = (table) =>
  new Map(Object.entries(table).map(([offset, register]) => [Number(offset), register]));

/**
 * Let a block, or the prototype of a kind of block, read and write some registers another way:
 * `reads` and `writes` map an offset to a function that is called on the block. A read gets
 * `stock()`, a write its value and `stock(value)`: what rp2040js does there. All others stay.
 */
export function layOver(block, { reads = {}, writes = {} }) {
  const { readUint32, writeUint32 } = block;
  const [readers, writers] = [byOffset(reads), byOffset(writes)];

  block.readUint32 = function read(offset) {
    const reader = readers.get(offset);
    if (reader === undefined) return readUint32.call(this, offset);
    return reader.call(this, () => readUint32.call(this, offset));
  };

  block.writeUint32 = function write(offset, value) {
    const writer = writers.get(offset);
    if (writer === undefined) writeUint32.call(this, offset, value);
    else writer.call(this, value, (kept) => writeUint32.call(this, offset, kept));
  };
}
