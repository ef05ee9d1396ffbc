package io.arbalest.bench.quickstart;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.onnx.AbstractInProcessEmbeddingModel;
import dev.langchain4j.model.embedding.onnx.OnnxBertBiEncoder;
import dev.langchain4j.model.embedding.onnx.PoolingMode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.IntConsumer;

/**
 * all-MiniLM-L6-v2 in this process, by LangChain4j: 384 components, unit length.
 *
 * <p>Its own class opens the model with ONNX Runtime's defaults: a pool as wide as the machine for
 * every text. A gloss is too short to split. One thread a text and a text a core embeds about 1.3
 * times as many on two cores, so the session is opened here and handed over.
 */
public final class GlossEmbedder implements AutoCloseable {

  /** Components of an embedding. */
  public static final int DIMENSION = 384;

  /** Texts between two reports of progress. */
  private static final int CHUNK = 64;

  private static final int THREADS_MAX = 32;

  private final int threads;
  private final ExecutorService pool;
  private final OrtSession session;
  private final Model model;

  /**
   * Loads the model.
   *
   * @param cache where the tokenizer may unpack its native library; outlives this
   */
  public GlossEmbedder(Path cache) throws IOException {
    // The tokenizer's library would otherwise unpack below the home directory, and report its use
    // to its makers where it finds itself in their cloud.
    System.setProperty("DJL_CACHE_DIR", cache.toString());
    System.setProperty("ai.djl.offline", "true");
    threads = Math.min(Runtime.getRuntime().availableProcessors(), THREADS_MAX);
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (InputStream onnx = resource("/all-minilm-l6-v2.onnx");
        InputStream tokenizer = resource("/all-minilm-l6-v2-tokenizer.json");
        OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      session = environment.createSession(onnx.readAllBytes(), options);
      pool = Executors.newFixedThreadPool(threads);
      model =
          new Model(pool, new OnnxBertBiEncoder(environment, session, tokenizer, PoolingMode.MEAN));
    } catch (OrtException e) {
      throw new IOException("cannot load the embedding model: " + e.getMessage(), e);
    }
  }

  /** Texts embedded at a time. */
  public int threads() {
    return threads;
  }

  /**
   * Embeds texts.
   *
   * @param progress is told after each chunk how many are done
   * @return [texts][384]
   */
  public float[][] embed(List<String> texts, IntConsumer progress) {
    float[][] vectors = new float[texts.size()][];
    for (int first = 0; first < texts.size(); first += CHUNK) {
      int end = Math.min(first + CHUNK, texts.size());
      List<TextSegment> chunk = texts.subList(first, end).stream().map(TextSegment::from).toList();
      int row = first;
      for (var embedding : model.embedAll(chunk).content()) {
        vectors[row++] = embedding.vector();
      }
      progress.accept(end);
    }
    return vectors;
  }

  @Override
  public void close() throws IOException {
    pool.shutdown();
    try {
      session.close();
    } catch (OrtException e) {
      throw new IOException("cannot release the embedding model: " + e.getMessage(), e);
    }
  }

  private static InputStream resource(String name) throws IOException {
    InputStream stream = GlossEmbedder.class.getResourceAsStream(name);
    if (stream == null) {
      throw new FileNotFoundException("the class path has no " + name);
    }
    return stream;
  }

  /** LangChain4j's model over a session of our own. */
  private static final class Model extends AbstractInProcessEmbeddingModel {

    private final OnnxBertBiEncoder encoder;

    Model(ExecutorService pool, OnnxBertBiEncoder encoder) {
      super(pool);
      this.encoder = encoder;
    }

    @Override
    protected OnnxBertBiEncoder model() {
      return encoder;
    }

    @Override
    protected Integer knownDimension() {
      return DIMENSION;
    }
  }
}
