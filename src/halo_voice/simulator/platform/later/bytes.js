// Bytes and texts: base64, hexadecimal, encodings, edit distance.

function fromUtf8(bytes) {
  let escaped = "";
  for (const byte of bytes) escaped += "%" + (byte & 255).toString(16).padStart(2, "0");
  try {
    return decodeURIComponent(escaped);
  } catch (e) {
    return refuse("bytes2str: the bytes are not UTF-8"); // inferred
  }
}

// Only the encodings that we know the platform's spelling of.
function checkEncoding(where, encoding) {
  if (/^(utf-?8|ascii)$/i.test(encoding)) return true;
  unemulated(`${where} with encoding ${encoding}`);
  return false;
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

Object.assign(implementations, {
  str2bytes: (text, encoding) => (checkEncoding("str2bytes", encoding) ? Array.from(utf8(String(text))) : []),
  bytes2str: (bytes, encoding) => (checkEncoding("bytes2str", encoding) ? fromUtf8(bytes) : ""),

  base64_encode(data) {
    const bytes = typeof data === "string" ? utf8(data) : data;
    let text = "";
    for (let i = 0; i < bytes.length; i += 3) {
      const three = (bytes[i] << 16) | ((bytes[i + 1] || 0) << 8) | (bytes[i + 2] || 0);
      text += BASE64[three >> 18] + BASE64[(three >> 12) & 63];
      text += i + 1 < bytes.length ? BASE64[(three >> 6) & 63] : "=";
      text += i + 2 < bytes.length ? BASE64[three & 63] : "=";
    }
    return text;
  },

  base64_decode(text) {
    const bytes = [];
    let bits = 0;
    let held = 0;
    for (const character of text.replace(/[=\s]/g, "")) {
      const value = BASE64.indexOf(character);
      if (value < 0) refuse("base64_decode: not base64"); // inferred
      held = ((held << 6) | value) & 0xffff;
      bits += 6;
      if (bits >= 8) bytes.push((held >> (bits -= 8)) & 255);
    }
    return bytes;
  },

  bytes2hex(bytes, toUpperCase) {
    const text = bytes.map((byte) => (byte & 255).toString(16).padStart(2, "0")).join("");
    return toUpperCase ? text.toUpperCase() : text;
  },

  hex2bytes: (text) => (text.match(/../g) || []).map((pair) => parseInt(pair, 16)),

  levenshtein_distance(a, b) {
    let row = Array.from({ length: b.length + 1 }, (_, i) => i);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++) {
        const change = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
        next.push(Math.min(change, row[j] + 1, next[j - 1] + 1));
      }
      row = next;
    }
    return row[b.length];
  },
});
