// Fails when a test was skipped or left to do, or none ran: the runner alone wouldn't.
import fs from "node:fs";

const { numTotalTests, numPassedTests } = JSON.parse(fs.readFileSync("result.json", "utf8"));
if (numTotalTests === 0 || numPassedTests !== numTotalTests) {
  console.error(`${numPassedTests} of ${numTotalTests} tests ran and passed; every one has to`);
  process.exit(1);
}
