/**
 * An approximate nearest neighbor index in process: {@link io.arbalest.engine.VectorIndex}.
 *
 * <pre>{@code
 * float[][] vectors = {{1, 0, 0}, {0, 1, 0}, {0.9f, 0.1f, 0}};
 * long[] ids = {10, 20, 30};
 * Path file = Files.createTempDirectory("arbalest").resolve("example.arb");
 * try (VectorIndex index = VectorIndex.builder(3).metric(Metric.COSINE).build()) {
 *   index.add(ids, vectors);
 *   SearchResult hits = index.search(new float[] {1, 0, 0}, 2);
 *   System.out.println(Arrays.toString(hits.ids())); // [10, 30]
 *   index.delete(10);
 *   index.save(file);
 * }
 * try (VectorIndex index = VectorIndex.open(file)) {
 *   SearchResult hits = index.search(new float[] {1, 0, 0}, SearchOptions.k(2).ef(64));
 *   System.out.println(Arrays.toString(hits.ids())); // [30, 20]
 * }
 * }</pre>
 *
 * <p>Vectors are kept as float16 or float32 in native memory and searched by an HNSW graph whose
 * distances are hand-written assembly; {@link io.arbalest.engine.KernelSet} tells which. Batches
 * cross as Arrow vectors without a copy on the way in.
 */
package io.arbalest.engine;
