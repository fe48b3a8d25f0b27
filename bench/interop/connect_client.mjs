// @connectrpc/connect over gRPC-Web and HTTP/1.1, and over gRPC, with descriptors instead of generated code.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";

const [address, descriptors] = process.argv.slice(2);
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(descriptors)));
const service = registry.getService("copydesk.v1.ClassifierService");
const baseUrl = `http://${address}`;

for (const transport of [
  createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
  createGrpcWebTransport({ baseUrl, httpVersion: "2" }),
  createGrpcTransport({ baseUrl }),
]) {
  const client = createClient(service, transport);
  const answer = await client.classify({ article: { body: "The team won the match." } });
  assert.equal(answer.classification.topic, "Sports");
  const error = await client.classify({}).then(() => assert.fail("no error"), ConnectError.from);
  assert.equal(error.code, Code.InvalidArgument);
  const indices = [];
  const articles = Array.from({ length: 50 }, () => ({ body: "The bank raised interest rates." }));
  for await (const { result } of client.batchClassify({ articles })) indices.push(Number(result.index));
  assert.deepEqual(indices, [...articles.keys()]);
}
process.exit(0);
