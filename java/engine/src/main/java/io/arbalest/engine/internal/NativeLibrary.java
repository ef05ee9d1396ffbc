package io.arbalest.engine.internal;

import io.arbalest.engine.ArbalestException;
import io.arbalest.engine.ArbalestException.Status;
import java.io.IOException;
import org.apache.arrow.c.jni.JniLoader;
import org.bytedeco.javacpp.Loader;

/**
 * Loads what is native: libarbalest with its JNI shim from the classifier jar of this platform, and
 * Arrow's C Data bridge from its own jar.
 */
public final class NativeLibrary {
  private static final String CACHE_PROPERTY = "org.bytedeco.javacpp.cachedir";
  private static final String TEMPORARY_PROPERTY = "java.io.tmpdir";

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
    } catch (UnsatisfiedLinkError e) {
      return explain(e);
    }
    try {
      JniLoader.get().ensureLoaded();
    } catch (UnsatisfiedLinkError | IllegalStateException e) {
      return unusable(
          "Arrow's C Data library", System.getProperty(TEMPORARY_PROPERTY), TEMPORARY_PROPERTY, e);
    }
    return null;
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
    return unusable("native library", cacheDirectory(), CACHE_PROPERTY, error);
  }

  private static ArbalestException unusable(
      String what, String directory, String property, Throwable cause) {
    return new ArbalestException(
        Status.IO,
        what
            + ": cannot be unpacked to or loaded from "
            + directory
            + "; that directory must be writable and on a file system without noexec. Choose another"
            + " with -D"
            + property
            + "=DIRECTORY ("
            + cause.getMessage()
            + ")",
        cause);
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
          + System.getProperty(TEMPORARY_PROPERTY)
          + "/.javacpp-"
          + System.getProperty("user.name")
          + "/cache";
    }
  }
}
