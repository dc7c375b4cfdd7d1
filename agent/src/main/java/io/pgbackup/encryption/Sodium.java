package io.pgbackup.encryption;

import com.goterl.lazysodium.SodiumJava;
import io.pgbackup.problem.Problem;

/// libsodium, which the library brings with it; loaded at the first use.
final class Sodium {
  private Sodium() {}

  static SodiumJava library() {
    try {
      return Holder.LIBRARY;
    } catch (LinkageError e) {
      throw Problem.misconfigured(
              "libsodium cannot be loaded here: " + cause(e),
              "It needs glibc or macOS, and a temporary directory that allows programs"
                  + " (-Djava.io.tmpdir=... in PGBACKUP_JAVA_OPTIONS).")
          .causedBy(e);
    }
  }

  private static String cause(Throwable e) {
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return String.valueOf(cause.getMessage());
  }

  private static final class Holder {
    static final SodiumJava LIBRARY = load();

    private static SodiumJava load() {
      // otherwise JNA unpacks itself into the user's home, which a container may not have
      if (System.getProperty("jna.tmpdir") == null) {
        System.setProperty("jna.tmpdir", System.getProperty("java.io.tmpdir"));
      }
      SodiumJava library = new SodiumJava();
      if (library.sodium_init() < 0) {
        throw new UnsatisfiedLinkError("libsodium cannot be initialised");
      }
      return library;
    }
  }
}
