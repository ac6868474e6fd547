/* Dossiers: the one that an address names opens, all open at once, their text can be copied. */
(() => {
  const dossiers = [...document.querySelectorAll(".dossier")];
  if (!dossiers.length) return;

  const unfold = () => {
    const asked = location.hash ? document.getElementById(location.hash.slice(1)) : null;
    if (!asked || !asked.classList.contains("dossier")) return;
    asked.open = true;
    asked.scrollIntoView();
    asked.querySelector("summary").focus({ preventScroll: true });
  };
  unfold();
  addEventListener("hashchange", unfold);
  addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link && link.hash === location.hash) unfold();
  });

  addEventListener("click", (event) => {
    const button = event.target.closest("[data-fold]");
    if (!button) return;
    const open = button.getAttribute("aria-expanded") === "false";
    button.setAttribute("aria-expanded", String(open));
    button.textContent = open ? "Close all" : "Open all";
    for (const one of button.parentElement.nextElementSibling.querySelectorAll(".dossier")) one.open = open;
  });

  /* Where a browser keeps a file from the clipboard, the text is selected, ready for Ctrl-C. */
  async function copy(button) {
    const place = button.parentElement.querySelector("pre"), words = button.textContent;
    try {
      await navigator.clipboard.writeText(place.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(place);
      button.textContent = document.execCommand("copy") ? "Copied" : "Selected: copy with Ctrl-C";
    }
    setTimeout(() => { button.textContent = words; }, 2500);
  }
  addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });
})();
