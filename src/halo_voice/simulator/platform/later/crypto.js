// Crypto: the four digests of the platform. In JavaScript, because the engine cannot call out while it
// is held to one second a callback. The platform's text encoding is not documented; we read UTF-8.

/** The message with its padding, as big-endian or little-endian 32-bit words. `before`: see sha256. */
function padded(bytes, littleEndian, before = 0) {
  const words = new Int32Array((((bytes.length + 8) >> 6) + 1) * 16);
  const content = new Uint8Array(words.buffer);
  content.set(bytes);
  content[bytes.length] = 0x80;
  if (!littleEndian) swap(words);
  words[words.length - (littleEndian ? 2 : 1)] = (before + bytes.length) * 8;
  return words;
}

/** The other order of the four bytes in each word. The machine's own is little-endian. */
function swap(words) {
  const view = new DataView(words.buffer);
  for (let i = 0; i < words.length; i++) words[i] = view.getInt32(i * 4);
  return words;
}

function hexOf(words, littleEndian) {
  const view = new DataView(words.buffer);
  let text = "";
  for (let i = 0; i < words.length; i++) text += view.getUint32(i * 4, !littleEndian).toString(16).padStart(8, "0");
  return text;
}

// ---- SHA-256 -----------------------------------------------------------------------------------

const SHA256_ROUNDS = new Int32Array(64);
const SHA256_START = new Int32Array(8);
const SCHEDULE = new Int32Array(80);

// The constants are the fractions of the roots of the first primes.
{
  const fraction = (x) => ((x - Math.floor(x)) * 4294967296) | 0;
  for (let found = 0, n = 2; found < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n && prime; d++) prime = n % d !== 0;
    if (!prime) continue;
    if (found < 8) SHA256_START[found] = fraction(Math.sqrt(n));
    SHA256_ROUNDS[found++] = fraction(Math.cbrt(n));
  }
}

function sha256Block(state, words, offset) {
  const w = SCHEDULE;
  const k = SHA256_ROUNDS;
  for (let t = 0; t < 16; t++) w[t] = words[offset + t];
  for (let t = 16; t < 64; t++) {
    const x = w[t - 15];
    const y = w[t - 2];
    w[t] =
      (((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)) + w[t - 7] +
      (((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)) + w[t - 16];
  }
  let a = state[0], b = state[1], c = state[2], d = state[3];
  let e = state[4], f = state[5], g = state[6], h = state[7];
  for (let t = 0; t < 64; t++) {
    const t1 =
      (h + (((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))) +
        (g ^ (e & (f ^ g))) + k[t] + w[t]) | 0;
    h = g; g = f; f = e; e = (d + t1) | 0; d = c; // the eight words move down by one
    const sum = (((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))) + ((a & b) | (c & (a | b)));
    c = b; b = a; a = (t1 + sum) | 0;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d;
  state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

/** `from` and `before`: the state after so many bytes of the message, which came in whole blocks. */
function sha256(bytes, from = SHA256_START, before = 0) {
  const state = from.slice();
  const words = padded(bytes, false, before);
  for (let offset = 0; offset < words.length; offset += 16) sha256Block(state, words, offset);
  return state;
}

const bytesOfWords = (words) => new Uint8Array(swap(words.slice()).buffer);

const keyedStates = new Map(); // a key is used for every request of a call

/** The states after the two blocks that depend on the key only. */
function keyed(key) {
  let states = keyedStates.get(key);
  if (states) return states;
  const bytes = utf8(key);
  const block = new Uint8Array(64);
  block.set(bytes.length > 64 ? bytesOfWords(sha256(bytes)) : bytes);
  states = [0x36, 0x5c].map((pad) => {
    const state = SHA256_START.slice();
    sha256Block(state, swap(new Int32Array(block.map((byte) => byte ^ pad).buffer)), 0);
    return state;
  });
  keyedStates.set(key, states);
  return states;
}

function hmacSha256(key, bytes) {
  const [inner, outer] = keyed(key);
  return sha256(bytesOfWords(sha256(bytes, inner, 64)), outer, 64);
}

// ---- SHA-1 and MD5: kept by the platform for old signatures ------------------------------------

const rotate = (x, n) => (x << n) | (x >>> (32 - n));

function sha1(bytes) {
  const state = new Int32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]);
  const words = padded(bytes, false);
  const w = SCHEDULE;
  for (let offset = 0; offset < words.length; offset += 16) {
    let [a, b, c, d, e] = state;
    for (let t = 0; t < 80; t++) {
      w[t] = t < 16 ? words[offset + t] : rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
      const choice = [(b & c) | (~b & d), b ^ c ^ d, (b & c) | (b & d) | (c & d), b ^ c ^ d][Math.floor(t / 20)];
      const constant = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6][Math.floor(t / 20)];
      const next = (rotate(a, 5) + choice + e + constant + w[t]) | 0;
      e = d; d = c; c = rotate(b, 30); b = a; a = next;
    }
    [a, b, c, d, e].forEach((value, i) => (state[i] += value));
  }
  return hexOf(state, false);
}

const MD5_TURNS = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

function md5(bytes) {
  const state = new Int32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]);
  const words = padded(bytes, true);
  for (let offset = 0; offset < words.length; offset += 16) {
    let [a, b, c, d] = state;
    for (let t = 0; t < 64; t++) {
      const round = t >> 4;
      const mixed = [(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)][round];
      const index = [t, 5 * t + 1, 3 * t + 5, 7 * t][round] & 15;
      const constant = Math.floor(Math.abs(Math.sin(t + 1)) * 4294967296) | 0;
      const sum = (a + mixed + constant + words[offset + index]) | 0;
      a = d; d = c; c = b; b = (b + rotate(sum, MD5_TURNS[round][t & 3])) | 0;
    }
    [a, b, c, d].forEach((value, i) => (state[i] += value));
  }
  return hexOf(state, true);
}

const bytesOf = (where, text) => (checkType(where, "the data", text, "string") ? utf8(text) : []);

Object.assign(implementations, {
  "Crypto.hmac_sha256"(key, data) {
    checkType("Crypto.hmac_sha256", "the key", key, "string");
    return hexOf(hmacSha256(String(key), bytesOf("Crypto.hmac_sha256", data)), false);
  },
  "Crypto.sha256": (data) => hexOf(sha256(bytesOf("Crypto.sha256", data)), false),
  "Crypto.sha1": (data) => sha1(bytesOf("Crypto.sha1", data)),
  "Crypto.md5": (data) => md5(bytesOf("Crypto.md5", Array.isArray(data) ? data.join("") : data)),
});
