// What lies in `later` is read here. Where one context serves many calls it is all read with the rest, see tables.py.

/** In the scope of this very program, and behind the scenario's lines, as all of the platform. */
function readLater(file) {
  const from = __later.indexOf(`\f${file}\n`);
  eval("\n".repeat(CONFIG.platformLine) + __later.slice(__later.indexOf("\n", from), __later.indexOf("\f", from + 1)));
}
