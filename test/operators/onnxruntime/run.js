// Logits of ONNX Runtime: node run.js JOBS.json, a list of {model, inputs, shape, outputs, ranges, optimization}.
//
// `inputs` is a file of float32, images of `shape` one after the other, each with the leading extent 1; the first result of each goes to
// `outputs` likewise. `ranges`, where it is given, is a file for the least and the largest element of each result, as JSON.
// `optimization` is "disabled", the nodes as they are written, unless it says otherwise.
"use strict";
const fs = require("fs");
const path = require("path");
const jobsPath = path.resolve(process.argv[2]);
const ort = require(path.join(process.env.MCUFORM_ONNXRUNTIME, "node_modules", "onnxruntime-node"));

async function run(job) {
  const session = await ort.InferenceSession.create(job.model, { graphOptimizationLevel: job.optimization || "disabled", logSeverityLevel: 3 });
  const bytes = fs.readFileSync(job.inputs);
  const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const count = job.shape.reduce((product, extent) => product * extent, 1);
  const results = [];
  const ranges = {};
  for (let first = 0; first < all.length; first += count) {
    const given = { [session.inputNames[0]]: new ort.Tensor("float32", all.slice(first, first + count), job.shape) };
    const answers = await session.run(given);
    const answer = answers[session.outputNames[0]].data;
    results.push(Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength));
    for (const name of job.ranges ? session.outputNames : []) {
      const range = ranges[name] || (ranges[name] = [Infinity, -Infinity]);
      for (const value of answers[name].data) {
        if (value < range[0]) range[0] = value;
        if (value > range[1]) range[1] = value;
      }
    }
  }
  if (job.ranges) fs.writeFileSync(job.ranges, JSON.stringify(ranges));
  fs.writeFileSync(job.outputs, Buffer.concat(results));
}

(async () => {
  for (const job of JSON.parse(fs.readFileSync(jobsPath, "utf8"))) await run(job);
})().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
