// An assistant's texts: what is not saved is not lost by mistake, and a fault shows its line.

const text = document.getElementById("text");
const editor = document.getElementById("editor");
const asSent = text.value;
let saving = false;
let leaving = false;

editor.addEventListener("submit", () => {
  saving = true;
});
addEventListener("beforeunload", (event) => {
  leaving = true;
  if (!saving && !text.readOnly && text.value !== asSent) event.preventDefault();
});

// What was published is looked for again until new calls here get it, ten times at most.
const looked = Number(sessionStorage.getItem("looked") ?? 0);
if (document.getElementById("waits") && looked < 10) {
  sessionStorage.setItem("looked", String(looked + 1));
  setTimeout(() => {
    const typing = document.activeElement !== document.body || text.value !== asSent;
    if (!leaving && !typing && !document.getElementById("refused")) location.reload();
  }, 2000);
} else {
  sessionStorage.removeItem("looked");
}

function showLine() {
  const number = Number(/^#L(\d+)$/.exec(location.hash)?.[1] ?? 0);
  const lines = text.value.split("\n");
  if (number < 1 || number > lines.length) return;
  const begin = lines.slice(0, number - 1).reduce((sum, line) => sum + line.length + 1, 0);
  text.focus();
  text.setSelectionRange(begin, begin + lines[number - 1].length);
  text.scrollTop = (text.scrollHeight / lines.length) * (number - 4);
}

addEventListener("hashchange", showLine);
showLine();
