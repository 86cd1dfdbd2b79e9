// Comforts for readers with a script: rows as they come, a filter that follows what is typed, a slider over the time, buttons
// that copy, keys, local times. Every page reads without.

const by = (id) => document.getElementById(id);
const say = (text) => { by("said").textContent = text; };
const parsed = (html) => new DOMParser().parseFromString(html, "text/html");

// The reader's own time beside UTC, where the two differ.
function localTimes(root) {
  if (new Date().getTimezoneOffset() === 0) return;
  const head = root.querySelector(".requests th");
  if (head) head.textContent = "Time (UTC, local)";
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime()) || time.nextElementSibling?.className === "local") continue;
    const isOfDay = time.textContent.length < 14;
    const local = document.createElement("span");
    local.className = "local";
    const isSameDay = moment.toLocaleDateString("sv-SE") === moment.toISOString().slice(0, 10);
    const zone = moment.toLocaleTimeString("en", { timeZoneName: "shortOffset" }).split(" ").pop();
    const [date, of] = moment.toLocaleString("sv-SE").split(" ");
    local.textContent = isOfDay ? of : isSameDay ? `(${of} ${zone})` : `(${date} ${of} ${zone})`;
    local.title = `local time, ${Intl.DateTimeFormat().resolvedOptions().timeZone}`;
    time.after(" ", local);
  }
}

// Rows as requests end. A page in the background holds no connection: browsers have six for a host.
function live() {
  const state = by("live");
  let table, rows, version, source, saying;
  let paused = false;
  let unsaid = [];

  const show = (on) => {
    state.classList.toggle("on", on);
    by("live-state").textContent = paused ? "Paused" : on ? "Live" : "Waiting";
  };
  const add = (event) => {
    version = event.lastEventId || version;
    const row = parsed(`<table><tbody>${event.data}</tbody></table>`).querySelector("tr");
    localTimes(row);
    const known = by(row.id);
    if (known) {
      const hadFocus = known.contains(document.activeElement);
      known.replaceWith(row);
      if (hadFocus) row.querySelector("a").focus();
      return;
    }
    row.classList.add("new");
    // A request that ended before another one may be reported after it.
    const number = (row) => Number(row.id.slice(1));
    let next = rows.rows[0];
    while (next && number(next) > number(row)) next = next.nextElementSibling;
    rows.insertBefore(row, next ?? null);
    while (rows.rows.length > 1000) rows.rows[rows.rows.length - 1].remove();
    by("empty")?.remove();
    unsaid.push(row);
    saying ??= setTimeout(() => {
      const [last] = unsaid.slice(-1);
      const text = last.querySelector("a").textContent + ", " + last.querySelector(".badge").textContent;
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
      // A browser gives up for good where the response is no stream; we try again.
      if (source.readyState === EventSource.CLOSED) { close(); setTimeout(open, 3000); }
    };
  };
  const follow = (of) => {
    close();
    [table, rows, version] = [of, of.tBodies[0], of.dataset.version];
    state.hidden = table.dataset.live !== "yes";
    if (!state.hidden) open();
  };
  by("pause").addEventListener("click", (event) => {
    paused = !paused;
    event.target.textContent = paused ? "Resume" : "Pause";
    paused ? close() : open();
    show(Boolean(source));
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : state.hidden || open()));
  addEventListener("pagehide", close);
  follow(by("requests"));
  return follow;
}

// The list follows what is typed and chosen.
function filters(form, follow) {
  let turn = 0;
  let waiting;
  by("apply").hidden = true;
  const apply = async () => {
    const mine = ++turn;
    const fields = [...new FormData(form)].filter(([, value]) => value);
    const query = new URLSearchParams(fields).toString();
    const response = await fetch(`/?${query}`).catch(() => undefined);
    const list = response?.ok && parsed(await response.text()).getElementById("list");
    if (mine !== turn || !list) return;
    by("list").replaceWith(document.adoptNode(list));
    localTimes(by("list"));
    by("list").querySelectorAll("button.copy").forEach(copies);
    by("show-all").hidden = query === "";
    history.replaceState(null, "", query ? `/?${query}` : "/");
    follow(by("requests"));
    const { length } = by("requests").tBodies[0].rows;
    say(length === 1 ? "1 request" : `${length} requests`);
  };
  form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(apply, 150); });
  form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(waiting); apply(); });
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
    if (!answer) { say("The console doesn’t respond."); return; }
    by("answer").replaceWith(document.adoptNode(answer));
    localTimes(by("answer"));
    for (const name of ["at", "address"]) {
      by(`${name}-hint`).replaceWith(document.adoptNode(page.getElementById(`${name}-hint`)));
      by(name).toggleAttribute("aria-invalid", page.getElementById(name).hasAttribute("aria-invalid"));
    }
    const report = page.getElementById("copied-report");
    if (report && by("copied-report")) by("copied-report").textContent = report.textContent;
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
  for (const button of slider.querySelectorAll(".moment")) {
    button.addEventListener("click", () => {
      moment.value = button.dataset.moment;
      moment.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
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

// `/` to type, `j` and `k` to move, `?` for help; never while something is typed, and never with a modifier.
function keys() {
  const help = by("keys");
  const open = () => help.open || help.showModal();
  by("keys-hint").hidden = false;
  by("show-keys").addEventListener("click", open);
  const move = (step) => {
    const links = [...document.querySelectorAll("#requests tbody .target a")];
    if (!links.length) return by(step > 0 ? "older" : "newer")?.click();
    const at = links.indexOf(document.activeElement.closest?.("tr")?.querySelector(".target a"));
    const next = links[at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + step))];
    next.focus();
    next.closest("tr").scrollIntoView({ block: "nearest" });
  };
  const actions = {
    "/": () => {
      const field = by("text") ?? document.querySelector("main textarea, main input:not([type=hidden], [type=radio], [type=range])");
      if (field) { field.focus(); field.select(); } else location.href = "/";
    },
    j: () => move(1),
    k: () => move(-1),
    "?": open,
  };
  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    const isTyping = target.matches?.("input:not([type=radio], [type=range]), textarea, select");
    if (key === "Escape" && isTyping) target.blur();
    if (isTyping || help.open || event.ctrlKey || event.altKey || event.metaKey || !Object.hasOwn(actions, key)) return;
    event.preventDefault();
    actions[key]();
  });
}

localTimes(document);
const filter = document.querySelector("form.filter");
if (filter) filters(filter, live());
const form = by("judge");
if (form) judge(form);
document.querySelectorAll("button.copy").forEach(copies);
document.querySelectorAll("textarea[data-drop]").forEach(takesFiles);
keys();
