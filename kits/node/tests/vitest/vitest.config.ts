import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { allowOnly: false, passWithNoTests: false, reporters: ["default", "json"], outputFile: { json: "result.json" } },
});
