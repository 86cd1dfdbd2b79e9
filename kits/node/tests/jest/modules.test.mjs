import { expect, test } from "@jest/globals";
import { FrontgateError } from "frontgate";
import { useFrontgate } from "frontgate/jest";

const edge = useFrontgate();

test("it works as an ES module, too", async () => {
  await edge.assertAllowed("/public/a");
  expect(() => edge.at("tomorrow")).toThrow(FrontgateError);
});
