// Types as CommonJS sees them; only checked.
import frontgate = require("frontgate");
import { start, type Edge } from "frontgate";
import { useFrontgate } from "frontgate/jest";
import { edgeFixture } from "frontgate/vitest";

const edge: Edge = useFrontgate({ public: "/open/*" });
const same: typeof start = frontgate.start;
const whole: typeof start = frontgate.default.start;

export = { edge, same, whole, fixture: edgeFixture() };
