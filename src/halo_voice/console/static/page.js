// What every page does: the theme is switched and remembered.

const root = document.documentElement;

// On a narrow screen the menu scrolls: to where one is.
const here = document.querySelector(".menu [aria-current]");
if (here) {
  const menu = here.parentElement;
  menu.scrollLeft = here.offsetLeft - menu.offsetLeft - (menu.clientWidth - here.offsetWidth) / 2;
}

document.getElementById("theme")?.addEventListener("click", () => {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const now = root.dataset.theme ?? system;
  root.dataset.theme = now === "dark" ? "light" : "dark";
  document.cookie = `halo_theme=${root.dataset.theme}; path=/console; max-age=31536000; samesite=lax`;
});
