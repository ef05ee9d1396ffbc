package io.arbalest.engine.internal;

import io.arbalest.engine.ArbalestException;
import io.arbalest.engine.ArbalestException.Status;
import java.io.File;
import java.io.IOException;
import org.bytedeco.javacpp.Loader;

/** Loads libarbalest and the JNI shim from the classifier jar of this platform. */
final class NativeLibrary {
  private static final String CACHE_PROPERTY = "org.bytedeco.javacpp.cachedir";

  private NativeLibrary() {}

  /**
   * Unpacks to JavaCPP's cache directory and loads.
   *
   * @throws ArbalestException UNSUPPORTED if the platform's jar is missing, IO if the directory can
   *     not be written to or executed from
   */
  static void load() {
    try {
      Loader.load(Native.class);
    } catch (UnsatisfiedLinkError e) {
      throw explain(e);
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
        "native library: cannot unpack to or load from "
            + cacheDirectory()
            + "; the directory must be writable and on a file system mounted without noexec. Move it"
            + " with -D"
            + CACHE_PROPERTY
            + "=DIRECTORY ("
            + error.getMessage()
            + ")",
        error);
  }

  private static String cacheDirectory() {
    String configured = System.getProperty(CACHE_PROPERTY);
    if (configured != null) {
      return configured;
    }
    try {
      File directory = Loader.getCacheDir();
      return directory.toString();
    } catch (IOException e) {
      return "JavaCPP's cache directory (" + e.getMessage() + ")";
    }
  }
}
