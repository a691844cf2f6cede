// Runs before the page is drawn: the reader's light or dark, and the name of their time zone for the server.
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => document.documentElement.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
  apply();
  dark.addEventListener("change", apply);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  document.cookie = `coldframe-zone=${encodeURIComponent(zone)}; path=/; SameSite=Lax; max-age=31536000`;
})();
