package io.pgbackup.crypto;

import java.security.Provider;
import java.security.Security;

/// SHA-256 and MD5 of the native library for whoever asks the JDK for them without naming a
/// provider: the AWS SDK digests each body that it sends without TLS, and under the compiler that
/// the launchers choose the JDK's own SHA-256 is slower than compressing the body. Nothing else of
/// the native library is offered that way.
public final class NativeDigests {
  private NativeDigests() {}

  /// Does nothing where they are in place already, or where the platform has no native library.
  /// Thread-safe.
  public static void install() {
    NativeCrypto.provider()
        .ifPresent(library -> Security.insertProviderAt(new Digests(library), 1));
  }

  private static final class Digests extends Provider {
    private static final long serialVersionUID = 1;

    Digests(Provider library) {
      super("pgbackup-digests", "1", "digests of " + library.getName());
      offer(library, "SHA-256");
      offer(library, "MD5");
    }

    private void offer(Provider library, String algorithm) {
      String type = "MessageDigest";
      String implementation = library.getService(type, algorithm).getClassName();
      putService(new Service(this, type, algorithm, implementation, null, null));
    }
  }
}
