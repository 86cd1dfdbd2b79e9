import express from "express";

/** What there is to see; a film with a premiere opens at that time (Unix seconds). */
export const FILMS = {
  "intro.mp4": {},
  "a day out.mp4": {},
  "premiere.mp4": { premiere: 1_900_000_000 },
};

/** The site: it gives out links and sessions, and never a film itself. */
export function createApp(signer, clock = () => Math.floor(Date.now() / 1000)) {
  const app = express();

  app.get("/films/:film/link", (request, response) => {
    const { film } = request.params;
    if (!Object.hasOwn(FILMS, film)) return response.status(404).json({ error: "no such film" });
    const address = request.query.private === undefined ? undefined : request.ip;
    response.json(signer.link(film, { now: clock(), opensAt: FILMS[film].premiere, address }));
  });

  app.post("/session", (request, response) => {
    for (const [name, value] of Object.entries(signer.cookies({ now: clock() }))) {
      response.cookie(name, value, { httpOnly: true, secure: true, sameSite: "lax", encode: String });
    }
    response.status(204).end();
  });

  return app;
}
