// Says under the editor how many problems the text has.
document.addEventListener("coldframe:checked", (event) => {
  const errors = event.detail.filter((each) => each.severity === "error").length;
  const warnings = event.detail.length - errors;
  const count = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;
  const said = errors ? `${count(errors, "mistake")}, marked at the lines` : "No mistakes";
  document.getElementById("checked").textContent = `${said}${warnings ? `, ${count(warnings, "warning")}` : ""}.`;
});
