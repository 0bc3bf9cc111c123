// Pages read the same without this: it adds copying, and a key for the search.

const says = document.createElement("p");
says.className = "skip";
says.setAttribute("role", "status");
document.body.append(says);

function copied(button, text) {
  const done = (word) => {
    button.textContent = word;
    says.textContent = word;
    setTimeout(() => (button.textContent = "Copy"), 2000);
  };
  navigator.clipboard.writeText(text).then(
    () => done("Copied"),
    () => done("Select it and copy by hand"),
  );
}

for (const box of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "small";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy ${box.dataset.copy}`);
  const text = box.querySelector("code").textContent;
  button.addEventListener("click", () => copied(button, text));
  box.append(button);
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    document.getElementById("search").focus();
  }
});

for (const list of document.querySelectorAll("select[data-submit]")) {
  list.addEventListener("change", () => list.form.requestSubmit());
}
