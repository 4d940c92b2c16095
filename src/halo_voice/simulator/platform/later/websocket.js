// WebSockets that the scenario opens: text to a server and back. Media over them is not emulated.

EVENTS_OF.WebSocket = "WebSocketEvents";

const SOCKET_STATES = { "WebSocket.Open": "open", "WebSocket.Close": "closed" };
const SOCKET_URL = /^(wss?):\/\/(\[[0-9a-f:.]+\]|[^\/?#:@\s]+)(:\d+)?([\/?][^\s#]*)?$/i;
const IP_ADDRESS = /^(\[.*\]|\d+(\.\d+){3})$/;

let lastSocket = 0;

/** What a WebSocket has besides its methods: handlers that can be set, and two fields that cannot. */
class SocketMembers extends Methods {
  get(target, name) {
    if (name === "readyState" || name === "url") return this.unit[name];
    return super.get(target, name);
  }
  has(target, name) {
    return name === "readyState" || name === "url" || super.has(target, name);
  }
  set(target, name, value) {
    const text = String(name);
    if (text in SOCKET_HANDLERS) {
      const fits = value === null || typeof value === "function";
      if (!fits) violation("misuse", `WebSocket.${text}`, `WebSocket.${text} must be a function or null, got ${typeof value}`);
    } else if (text === "readyState" || text === "url") {
      violation("misuse", `WebSocket.${text}`, `WebSocket.${text} cannot be set`);
      return true;
    } else if (text.startsWith("on")) unknown(`WebSocket.${text}`);
    target[name] = value;
    return true;
  }
}

const SOCKET_HANDLERS = {}; // "onopen" -> "WebSocket.Open"
for (const [name, event] of Object.entries(valuesOf("WebSocketEvents"))) {
  SOCKET_HANDLERS["on" + name.replace("_", "").toLowerCase()] = event;
}

/** As on the platform, the handler of an event runs just before its listeners. */
function tellHandler(socket, event, data) {
  const name = Object.keys(SOCKET_HANDLERS).find((each) => SOCKET_HANDLERS[each] === event);
  const handler = socket.proxy[name];
  if (typeof handler !== "function") return;
  const fields = Object.assign({ websocket: socket.proxy }, data);
  guarded((e) => handler.call(socket.proxy, e), record(payloadOf("WebSocketEvents", event), fields));
}

const SOCKET = {
  className: "WebSocket",
  unusable() {
    unemulated("media over a WebSocket");
    return "";
  },
  fields: (socket) => ({ websocket: socket.proxy }),
  before(socket, event, data) {
    socket.readyState = SOCKET_STATES[event] || socket.readyState;
    tellHandler(socket, event, data);
  },
  watched(unit, className, methods) {
    const handlers = {};
    for (const name of Object.keys(SOCKET_HANDLERS)) handlers[name] = null;
    return new Proxy(handlers, new SocketMembers(unit, className, methods));
  },
  methods: {
    __proto__: null,
    ...EVENT_METHODS,
    id: (socket) => socket.id,

    send(socket, text) {
      if (!checkType("WebSocket.send", "the data", text, "string")) return;
      if (socket.readyState === "connecting") {
        violation("misuse", "WebSocket.send", "WebSocket.send: the socket is not open yet; wait for WebSocketEvents.OPEN");
      } else if (socket.readyState !== "open" || !timersAllowed) {
        command("ignored", { what: "WebSocket.send on a socket that has closed" }); // inferred
      } else command("socket_send", { socket: socket.id, text });
    },
    close(socket) {
      if (socket.readyState === "closing" || socket.readyState === "closed") return;
      socket.readyState = "closing";
      command("socket_close", { socket: socket.id });
    },
  },
};

function checkAddress(where, url) {
  if (!checkType(where, "the address", url, "string")) return;
  const parts = SOCKET_URL.exec(url);
  if (!parts) violation("misuse", where, `${where}: the address must be ws://… or wss://…, got ${url}`);
  else if (parts[1].toLowerCase() === "wss" && IP_ADDRESS.test(parts[2])) {
    violation("misuse", where, `${where}: wss:// takes a domain, not an IP address: ${url}`);
  }
}

function socketHeaders(where, headers) {
  if (headers === undefined) return [];
  const fits = Array.isArray(headers) && headers.every((each) => isObject(each) && "name" in each && "value" in each);
  if (fits) return headers.map(({ name, value }) => [String(name), String(value)]);
  violation("misuse", where, `${where}: headers must be a list of { name, value }`);
  return [];
}

implementations["VoxEngine.createWebSocket"] = (url, parameters) => {
  const where = "VoxEngine.createWebSocket";
  checkAddress(where, url);
  checkOptions(where, "WebSocketParameters", parameters);
  const given = parameters || {};
  const headers = socketHeaders(where, given.headers);
  const socket = makeUnit(SOCKET, `socket:${++lastSocket}`, { url: String(url), readyState: "connecting" });
  if (!timersAllowed) {
    socket.readyState = "closed";
    command("ignored", { what: `${where} after Terminating` });
    return socket.proxy;
  }
  const protocols = [].concat(given.protocols === undefined ? "chat" : given.protocols);
  command("create_socket", { socket: socket.id, url: socket.url, headers, protocols, statistics: !!given.statistics });
  return socket.proxy;
};
