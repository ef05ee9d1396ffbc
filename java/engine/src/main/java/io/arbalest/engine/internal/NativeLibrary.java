package io.arbalest.engine.internal;

import io.arbalest.engine.ArbalestException;
import io.arbalest.engine.ArbalestException.Status;
import java.io.IOException;
import org.bytedeco.javacpp.Loader;

/**
 * Loads what is native: libarbalest with its JNI shim, from the classifier jar of this platform.
 */
public final class NativeLibrary {
  private static final String CACHE_PROPERTY = "org.bytedeco.javacpp.cachedir";

  /** Null where loading succeeded. Kept, so that every use fails alike and not only the first. */
  private static final ArbalestException FAILURE = load();

  private NativeLibrary() {}

  /**
   * Returns if the native libraries are loaded. Whatever leads to a native call passes here first.
   *
   * @throws ArbalestException UNSUPPORTED if no jar has natives for this platform, IO if the
   *     directory that they unpack to cannot be written to or executed from
   */
  public static void require() {
    if (FAILURE != null) {
      throw new ArbalestException(FAILURE.status(), FAILURE.getMessage(), FAILURE);
    }
  }

  private static ArbalestException load() {
    try {
      Loader.load(Native.class);
      return null;
    } catch (UnsatisfiedLinkError e) {
      return explain(e);
    }
  }

  private static ArbalestException explain(UnsatisfiedLinkError error) {
    String platform = Loader.getPlatform();
    if (Native.class.getResource(platform + "/libjniarbalest.so") == null) {
      return new ArbalestException(
          Status.UNSUPPORTED,
          "native library: no arbalest-engine jar with the classifier "
              + platform
              + " is on the class path; add it, or depend on arbalest-engine-platform",
          error);
    }
    return new ArbalestException(
        Status.IO,
        "native library: cannot be unpacked to or loaded from "
            + cacheDirectory()
            + "; that directory must be writable and on a file system without noexec. Choose another"
            + " with -D"
            + CACHE_PROPERTY
            + "=DIRECTORY ("
            + error.getMessage()
            + ")",
        error);
  }

  /** The directory that JavaCPP took, or those that it tried. */
  private static String cacheDirectory() {
    try {
      return Loader.getCacheDir().toString();
    } catch (IOException e) {
      String configured = System.getProperty(CACHE_PROPERTY);
      return (configured == null ? "" : configured + ", ")
          + System.getProperty("user.home")
          + "/.javacpp/cache or "
          + System.getProperty("java.io.tmpdir")
          + "/.javacpp-"
          + System.getProperty("user.name")
          + "/cache";
    }
  }
}
