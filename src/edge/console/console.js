// Comforts for who has a script: rows as they come, a slider over the time, buttons that copy. Every page reads without.

const by = (id) => document.getElementById(id);
const say = (text) => { by("said").textContent = text; };
const parsed = (html) => new DOMParser().parseFromString(html, "text/html");

// Rows as requests end. A page in the background holds no connection: browsers have six for a host.
function live(table) {
  const rows = table.tBodies[0];
  const state = by("live");
  let version = table.dataset.version;
  let source;
  let paused = false;
  let unsaid = [];
  let saying;

  const show = (on) => {
    state.classList.toggle("on", on);
    by("live-state").textContent = paused ? "Paused" : on ? "Live" : "Waiting";
  };
  const add = (event) => {
    version = event.lastEventId || version;
    const row = parsed(`<table><tbody>${event.data}</tbody></table>`).querySelector("tr");
    const known = by(row.id);
    if (known) {
      known.replaceWith(row);
      return;
    }
    row.classList.add("new");
    // A request that was seen before another one may be told after it.
    const number = (row) => Number(row.id.slice(1));
    let next = rows.rows[0];
    while (next && number(next) > number(row)) next = next.nextElementSibling;
    rows.insertBefore(row, next ?? null);
    while (rows.rows.length > 1000) rows.rows[rows.rows.length - 1].remove();
    by("empty")?.remove();
    unsaid.push(row);
    saying ??= setTimeout(() => {
      const [last] = unsaid.slice(-1);
      const text = last.querySelector("th").textContent + ", " + last.querySelector(".badge").textContent;
      say(unsaid.length === 1 ? `New request: ${text}` : `${unsaid.length} new requests, the last: ${text}`);
      unsaid = [];
      saying = undefined;
    }, 1000);
  };
  const close = () => { source?.close(); source = undefined; show(false); };
  const open = () => {
    if (source || paused || document.hidden) return;
    source = new EventSource(`/events?after=${version}&${table.dataset.filter}`);
    source.addEventListener("request", add);
    source.onopen = () => show(true);
    source.onerror = () => {
      show(false);
      // A browser gives up for good where the answer is no stream; we ask again.
      if (source.readyState === EventSource.CLOSED) { close(); setTimeout(open, 3000); }
    };
  };
  by("pause").addEventListener("click", (event) => {
    paused = !paused;
    event.target.textContent = paused ? "Go on" : "Pause";
    paused ? close() : open();
    show(Boolean(source));
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  state.hidden = false;
  open();
}

// Posts the form of a judgement, and puts the new answer in place of the old one.
function judge(form) {
  let asked = 0;
  const ask = async () => {
    const turn = ++asked;
    const body = new URLSearchParams(new FormData(form));
    const response = await fetch(form.action, { method: "POST", body }).catch(() => undefined);
    if (turn !== asked) return;
    const page = response && parsed(await response.text());
    const answer = page?.getElementById("answer");
    if (turn !== asked) return;
    if (!answer) { say("The console doesn’t answer."); return; }
    by("answer").replaceWith(document.adoptNode(answer));
    for (const name of ["at", "address"]) {
      by(`${name}-hint`).replaceWith(document.adoptNode(page.getElementById(`${name}-hint`)));
      by(name).toggleAttribute("aria-invalid", page.getElementById(name).hasAttribute("aria-invalid"));
    }
    say(by("verdict")?.textContent ?? "");
  };
  form.addEventListener("submit", (event) => { event.preventDefault(); ask(); });
  const slider = by("slider");
  if (!slider) return;
  const moment = by("moment");
  const text = () => new Date(Number(moment.value) * 1000).toISOString().replace(".000Z", "Z");
  let waiting;
  slider.hidden = false;
  moment.setAttribute("aria-valuetext", text());
  moment.addEventListener("input", () => {
    by("at").value = text();
    moment.setAttribute("aria-valuetext", text());
    clearTimeout(waiting);
    waiting = setTimeout(ask, 120);
  });
}

function copies(button) {
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(by(button.dataset.copy).textContent);
    const label = button.firstChild;
    label.textContent = "Copied";
    say("Copied");
    setTimeout(() => { label.textContent = "Copy"; }, 1500);
  });
}

// A file that is dropped on the field becomes its text; the text is posted like one that was pasted.
function takesFiles(field) {
  field.addEventListener("dragover", (event) => event.preventDefault());
  field.addEventListener("drop", async (event) => {
    const [file] = event.dataTransfer?.files ?? [];
    if (!file) return;
    event.preventDefault();
    if (file.size > Number(field.dataset.drop)) {
      say(`${file.name} is too large: frontgate explain --file reads it`);
      by("link-hint").textContent = by("said").textContent;
      return;
    }
    field.value = await file.text();
    say(`${file.name} was read`);
  });
}

const table = by("requests");
if (table?.dataset.live === "yes") live(table);
const form = by("judge");
if (form) judge(form);
document.querySelectorAll("button.copy").forEach(copies);
document.querySelectorAll("textarea[data-drop]").forEach(takesFiles);
