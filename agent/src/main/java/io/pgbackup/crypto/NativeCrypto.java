package io.pgbackup.crypto;

import java.security.Provider;
import java.util.Optional;
import org.conscrypt.Conscrypt;

/// Conscrypt, never registered with the JDK, so that only those who ask for it get it. Absent on
/// platforms without its native library.
public final class NativeCrypto {
  private NativeCrypto() {}

  public static Optional<Provider> provider() {
    return Holder.PROVIDER;
  }

  private static final class Holder {
    static final Optional<Provider> PROVIDER = load();

    private static Optional<Provider> load() {
      return Conscrypt.isAvailable() ? Optional.of(Conscrypt.newProvider()) : Optional.empty();
    }
  }
}
