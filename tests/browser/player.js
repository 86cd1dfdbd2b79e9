// What the page does, in the browser. Everything goes to another origin, with credentials, and past the browser's cache.

const fromMedia = (path) => fetch(MEDIA + path, { credentials: "include", cache: "no-store" });

// Plays a playlist with hls.js until it has come so far, or says why not.
function play(path, seconds) {
  const video = document.querySelector("video");
  const hls = new Hls({ xhrSetup: (xhr) => (xhr.withCredentials = true) });
  return new Promise((resolve) => {
    hls.on(Hls.Events.ERROR, (_, { fatal, details, response }) => {
      if (fatal) {
        say(`refused: ${details}`);
        hls.destroy();
        resolve({ error: details, status: response?.code ?? null });
      }
    });
    video.addEventListener("timeupdate", () => {
      say(`${video.currentTime.toFixed(1)} s of ${video.duration.toFixed(1)} s`);
      if (video.currentTime >= seconds) resolve({ time: video.currentTime, width: video.videoWidth, colour: colour(video) });
    });
    hls.loadSource(MEDIA + path);
    hls.attachMedia(video);
    video.play().catch(() => {});
  });
}

const say = (text) => (document.querySelector("#said").textContent = text);

// What is to be seen in a corner: a picture, and not a black box.
function colour(video) {
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight).getContext("2d");
  canvas.drawImage(video, 0, 0);
  return [...canvas.getImageData(4, 4, 1, 1).data];
}

// Fetches a playlist and each of its segments, and tells their bytes.
async function readThrough(path) {
  const playlist = await fromMedia(path);
  const lines = (await playlist.text()).split("\n").filter((line) => line && !line.startsWith("#"));
  const segments = [];
  for (const line of lines) {
    const answer = await fromMedia(path.replace(/[^/]*$/, line));
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const isPackets = bytes.length % 188 === 0 && bytes.every((byte, at) => at % 188 || byte === 0x47);
    segments.push({ status: answer.status, length: bytes.length, isPackets, last: String.fromCharCode(bytes.at(-1)) });
  }
  return { status: playlist.status, type: playlist.headers.get("content-type"), segments };
}

// A status, or that the browser shows none.
const statusOf = (path) => fromMedia(path).then((answer) => answer.status, () => "blocked");

const protocols = () =>
  [...new Set(performance.getEntriesByType("resource").filter(({ name }) => name.startsWith(MEDIA)).map((entry) => entry.nextHopProtocol))];
