// @grpc/grpc-js with @grpc/proto-loader.
import assert from "node:assert/strict";
import { promisify } from "node:util";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const [address, protoFolder] = process.argv.slice(2);
const definition = loader.loadSync("copydesk/v1/copydesk.proto", { includeDirs: [protoFolder], keepCase: false });
const { ClassifierService } = grpc.loadPackageDefinition(definition).copydesk.v1;
const client = new ClassifierService(address, grpc.credentials.createInsecure());
const classify = promisify(client.classify.bind(client));

const answer = await classify({ article: { body: "The bank raised interest rates as inflation rose." } });
assert.equal(answer.classification.topic, "Economy");

const error = await classify({}).then(() => assert.fail("no error"), (error) => error);
assert.equal(error.code, grpc.status.INVALID_ARGUMENT);
assert.ok(error.metadata.get("grpc-status-details-bin").length > 0);

const stream = client.streamClassify();
const results = [];
stream.on("data", ({ result }) => results.push(result));
const ended = new Promise((resolve, reject) => stream.on("end", resolve).on("error", reject));
for (let n = 0; n < 500; n++) stream.write({ article: { id: String(n), body: "The team won the match." } });
stream.end();
await ended;
assert.deepEqual(results.map((r) => r.articleId), Array.from({ length: 500 }, (_, n) => String(n)));

const open = client.streamClassify({ deadline: Date.now() + 300 });
const late = await new Promise((resolve) => open.on("error", resolve).on("data", () => {}));
assert.equal(late.code, grpc.status.DEADLINE_EXCEEDED);
client.close();
