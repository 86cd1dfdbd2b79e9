// The demo page: plays the film, and uses signed links wrongly to show how they are denied. The page reads without it.

const by = (id) => document.getElementById(id);
const consoleUrl = document.querySelector("main").dataset.console;

// What was responded, and where the console explains it.
function tell(said, response) {
  said.replaceChildren();
  const word = document.createElement("strong");
  word.className = response.ok ? "good" : "bad";
  word.textContent = response.ok ? `${response.status}: allowed` : `${response.status}: denied`;
  said.append(word);
  // Test mode names the reason.
  const reason = response.headers.get("x-frontgate-reason");
  if (reason) {
    const name = document.createElement("code");
    name.textContent = reason;
    said.append(", ", name);
  }
  const id = response.headers.get("x-amz-cf-id");
  if (consoleUrl && id) {
    const link = document.createElement("a");
    link.href = `${consoleUrl}/requests/${id}`;
    link.textContent = response.ok ? "See it in the console" : "Why? See the console";
    said.append(". ", link);
  }
}

const post = (fields, redirect) =>
  fetch("/.frontgate/demo", { method: "POST", body: new URLSearchParams(fields), redirect });

// A playlist and its segments into a player, as far as fragmented MP4 needs; Safari plays HLS by itself.
async function play() {
  const video = by("film");
  const said = by("film-said");
  const get = async (url) => {
    const response = await fetch(url, { cache: "no-store" });
    if (!response.ok) throw response;
    return response;
  };
  const base = new URL("/film/", location.href);
  try {
    const playlist = await get(new URL("playlist.m3u8", base));
    tell(said, playlist);
    const named = (await playlist.text()).split("\n").map((line) => line.match(/^#EXT-X-MAP:URI="([^"]+)"/)?.[1] ?? (/^[^#]/.test(line) ? line : ""));
    if (!globalThis.MediaSource) {
      video.src = new URL("playlist.m3u8", base);
      await video.play();
      return;
    }
    const source = new MediaSource();
    video.src = URL.createObjectURL(source);
    await new Promise((resolve) => source.addEventListener("sourceopen", resolve, { once: true }));
    const buffer = source.addSourceBuffer('video/mp4; codecs="avc1.4D401F,mp4a.40.2"');
    for (const name of named.filter(Boolean)) {
      const piece = await (await get(new URL(name, base))).arrayBuffer();
      await new Promise((resolve, reject) => {
        buffer.addEventListener("updateend", resolve, { once: true });
        buffer.addEventListener("error", reject, { once: true });
        buffer.appendBuffer(piece);
      });
    }
    source.endOfStream();
    await video.play();
  } catch (error) {
    if (error instanceof Response) tell(said, error);
    else said.textContent = `This browser can't play it: ${error.message ?? error.type}`;
  }
}

by("play").hidden = false;
by("play").addEventListener("click", play);
by("with-cookies")?.form.addEventListener("submit", async (event) => {
  event.preventDefault();
  await post({ do: "cookies" }, "manual");
  play();
});

// How each denial is made from a link that was good.
const spoil = {
  unsigned: async () => ["/image.svg", {}],
  spoiled: async (link) => [link.replace(/(Signature=.)(.)/, (_, before, letter) => before + (letter === "A" ? "B" : "A")), {}],
  parameter: async (link) => [`${link}&utm_source=mail`, {}],
  other: async (link) => [link.replace("/image.svg", "/video.bin"), {}],
  late: async (link) => [link, { "X-Frontgate-Now": "+2h" }],
};

for (const line of document.querySelectorAll("#denials > li")) {
  const button = line.querySelector("button");
  button.hidden = false;
  button.addEventListener("click", async () => {
    const signed = await post({ do: "open", path: "/image.svg" }, "follow");
    const [url, headers] = await spoil[line.dataset.try](signed.url);
    // Cookies would open what the link doesn't.
    tell(line.querySelector(".said"), await fetch(url, { headers, credentials: "omit", cache: "no-store" }));
  });
}

for (const place of document.querySelectorAll("[data-origin]")) place.textContent = location.origin;

for (const box of document.querySelectorAll(".copied")) {
  if (!navigator.clipboard) break;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(box.querySelector("pre").textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  box.append(button);
}
