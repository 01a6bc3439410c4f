// Logits of ONNX Runtime: node run.js JOBS.json, a list of {model, inputs, shape, outputs}.
//
// `inputs` is a file of float32, images of `shape` one after the other, each with the leading extent 1; `outputs` is written likewise.
"use strict";
const fs = require("fs");
const path = require("path");
const jobsPath = path.resolve(process.argv[2]);
const ort = require(path.join(process.env.MCUFORM_ONNXRUNTIME, "node_modules", "onnxruntime-node"));

async function run(job) {
  const session = await ort.InferenceSession.create(job.model, { graphOptimizationLevel: "disabled", logSeverityLevel: 3 });
  const bytes = fs.readFileSync(job.inputs);
  const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const count = job.shape.reduce((product, extent) => product * extent, 1);
  const results = [];
  for (let first = 0; first < all.length; first += count) {
    const given = { [session.inputNames[0]]: new ort.Tensor("float32", all.slice(first, first + count), job.shape) };
    const answer = (await session.run(given))[session.outputNames[0]].data;
    results.push(Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength));
  }
  fs.writeFileSync(job.outputs, Buffer.concat(results));
}

(async () => {
  for (const job of JSON.parse(fs.readFileSync(jobsPath, "utf8"))) await run(job);
})().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
