// Bytes of a text, and what of bytes and digests waits until somebody asks for it.

const { btoa } = globalThis; // of our engine, not of the platform: 99_globals.js takes them away
const { fromBase64 } = Uint8Array;
const wellFormed = String.prototype.toWellFormed; // a lone surrogate has no UTF-8

/** UTF-8 as a Uint8Array, by the engine's own functions: every signed request passes here. */
const utf8 = (text) => fromBase64.call(Uint8Array, btoa(unescape(encodeURIComponent(wellFormed.call(text)))));

later("bytes.js", [
  "str2bytes", "bytes2str", "base64_encode", "base64_decode", "bytes2hex", "hex2bytes", "levenshtein_distance",
]);
later("crypto.js", ["Crypto.hmac_sha256", "Crypto.sha256", "Crypto.sha1", "Crypto.md5"]);
