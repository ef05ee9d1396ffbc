package io.arbalest.engine;

/**
 * The size and shape of an index at one moment.
 *
 * @param rows rows appended, deleted ones included
 * @param live rows that a search can return
 * @param deleted rows deleted or replaced
 * @param pending rows appended and not linked yet: scanned exactly by every search
 * @param vectorBytes bytes of vectors
 * @param graphBytes bytes of the graph
 * @param idBytes bytes of the id map
 * @param overlayLists neighbor lists that changed since the last freeze
 * @param dimension components of a vector
 * @param metric how distances are measured
 * @param element how components are kept
 * @param m links a node on the upper levels; level 0 has twice as many
 * @param efConstruction breadth of construction
 * @param levelMax highest level of the graph
 * @param kernelSet name of the kernel set in use
 * @param nativeArithmetic true where traversal sums in FP16 (drained); false where every sum is
 *     FP32
 * @param absMax largest |component| seen
 * @param codes what traversal reads now: what was asked for, or none while it would not pay
 * @param layout how the frozen graph lies in memory
 * @param codeBytes bytes of the codes
 * @param generatedBytes bytes of the code that was generated for traversal; 0 where there is none
 * @param generatedSpeedup time of the kernel set's own distance over that of the generated one,
 *     when a freeze last compared them; 0 if none has
 * @param generatedKernel true where traversal runs the generated distance: it was the faster one
 * @param recallSampled rows that a freeze last measured with how far a search has to go for a
 *     recall; 0 if none has
 */
public record IndexStats(
    long rows,
    long live,
    long deleted,
    long pending,
    long vectorBytes,
    long graphBytes,
    long idBytes,
    long overlayLists,
    int dimension,
    Metric metric,
    ElementType element,
    int m,
    int efConstruction,
    int levelMax,
    String kernelSet,
    boolean nativeArithmetic,
    float absMax,
    Codes codes,
    Layout layout,
    long codeBytes,
    long generatedBytes,
    float generatedSpeedup,
    boolean generatedKernel,
    int recallSampled) {
  /** Whether {@link SearchOptions#targetRecall()} goes by a measurement of this index. */
  public boolean recallCalibrated() {
    return recallSampled > 0;
  }
}
