// A film of four seconds that the browser records itself, cut into an HLS playlist of fragmented MP4.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export async function record(page, folder) {
  await page.goto("data:text/html,<canvas width=320 height=180></canvas>");
  const film = Buffer.from(await page.evaluate(film_in_page), "base64");
  const boxes = [];
  for (let at = 0; at < film.length; at += film.readUInt32BE(at)) {
    boxes.push({ kind: film.toString("latin1", at + 4, at + 8), bytes: film.subarray(at, at + film.readUInt32BE(at)) });
  }
  const of = (...kinds) => boxes.filter(({ kind }) => kinds.includes(kind)).map(({ bytes }) => bytes);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "begin.mp4"), Buffer.concat(of("ftyp", "moov")));
  const heads = of("moof");
  heads.forEach((head, number) => writeFileSync(join(folder, `${number}.m4s`), Buffer.concat([head, of("mdat")[number]])));
  const lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:2", "#EXT-X-PLAYLIST-TYPE:VOD", '#EXT-X-MAP:URI="begin.mp4"'];
  heads.forEach((_, number) => lines.push("#EXTINF:1.0,", `${number}.m4s`));
  writeFileSync(join(folder, "film.m3u8"), [...lines, "#EXT-X-ENDLIST", ""].join("\n"));
  return heads.length;
}

// Runs in the page: colours that change, and the time.
async function film_in_page() {
  const canvas = document.querySelector("canvas");
  const picture = canvas.getContext("2d");
  const recorder = new MediaRecorder(canvas.captureStream(25), {
    mimeType: "video/mp4;codecs=avc1.42E01E",
    videoBitsPerSecond: 150_000,
    videoKeyFrameIntervalDuration: 1000,
  });
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const stopped = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.start();
  const begun = performance.now();
  await new Promise((resolve) => {
    const draw = () => {
      const time = performance.now() - begun;
      picture.fillStyle = `hsl(${time / 12}, 70%, 50%)`;
      picture.fillRect(0, 0, 320, 180);
      picture.fillStyle = "#fff";
      picture.font = "40px sans-serif";
      picture.fillText((time / 1000).toFixed(1), 130, 105);
      time < 4200 ? setTimeout(draw, 40) : resolve();
    };
    draw();
  });
  recorder.stop();
  await stopped;
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
