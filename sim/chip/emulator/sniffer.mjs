// The arithmetic of the DMA's sniffer (2.5.5.2): plain functions of SNIFF_CTRL and SNIFF_DATA.

const BYTE_SWAP = 1 << 9; // SNIFF_CTRL
const OUT_REVERSED = 1 << 10;
const OUT_INVERTED = 1 << 11;
const SUM = 15; // SNIFF_CTRL.CALC
const PARITY = 14;
const REVERSED_BYTES = 1;
const CRC32_MODES = 2; // 0 and 1
const CRC32 = 0x04c11db7;
const CRC16 = 0x1021;

function reversedBits(word, count) {
  let from = word;
  let to = 0;
  for (let bit = 0; bit < count; bit += 1) {
    to = (to << 1) | (from & 1);
    from >>>= 1;
  }
  return to >>> 0;
}

function bytesOf(word, size) {
  return Array.from({ length: size }, (_, index) => (word >>> (8 * index)) & 0xff);
}

function swapped(word, size) {
  return bytesOf(word, size).reduce((sum, byte) => (sum << 8) | byte, 0) >>> 0;
}

function parity(data, word, size) {
  let sum = data;
  for (let bit = 0; bit < 8 * size; bit += 1) sum ^= (word >>> bit) & 1;
  return sum >>> 0;
}

function crc32(data, byte) {
  let crc = data ^ (byte << 24);
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80000000 ? (crc << 1) ^ CRC32 : crc << 1;
  return crc >>> 0;
}

function crc16(data, byte) {
  let crc = (data & 0xffff) ^ (byte << 8);
  for (let bit = 0; bit < 8; bit += 1) {
    crc = (crc & 0x8000 ? (crc << 1) ^ CRC16 : crc << 1) & 0xffff;
  }
  return crc;
}

/** SNIFF_DATA after a word of `size` bytes. */
export function sniffed(control, data, written, size) {
  const mode = (control >> 5) & 15;
  const word = control & BYTE_SWAP ? swapped(written, size) : written;
  if (mode === SUM) return (data + word) >>> 0;
  if (mode === PARITY) return parity(data, word, size);
  const step = mode < CRC32_MODES ? crc32 : crc16;
  return bytesOf(word, size)
    .map((byte) => (mode & REVERSED_BYTES ? reversedBits(byte, 8) : byte))
    .reduce(step, data);
}

/** SNIFF_DATA as it is read. */
export function snifferOutput(control, data) {
  const turned = control & OUT_REVERSED ? reversedBits(data, 32) : data;
  return control & OUT_INVERTED ? ~turned >>> 0 : turned;
}
