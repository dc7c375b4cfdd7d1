package io.pgbackup.archive;

import io.pgbackup.archive.WalArchiver.Push;
import io.pgbackup.crypto.Sha256;
import java.util.LinkedHashMap;
import java.util.Map;

/// What was stored before PostgreSQL asked for it, until it asks. Thread-safe.
final class StoredAhead {
  /// More than [CatchUp] ever is ahead; what PostgreSQL never asks for goes first.
  private static final int MOST = 4 * CatchUp.LEAD;

  private final Map<Push, String> digests =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Push, String> eldest) {
          return size() > MOST;
        }
      };

  void add(Push push, byte[] content) {
    String digest = Sha256.hex(content);
    synchronized (digests) {
      digests.put(push, digest);
    }
  }

  boolean has(Push push) {
    synchronized (digests) {
      return digests.containsKey(push);
    }
  }

  /// Forgets it.
  ///
  /// @return whether exactly this content was stored
  boolean take(Push push, byte[] content) {
    String digest;
    synchronized (digests) {
      digest = digests.remove(push);
    }
    return digest != null && digest.equals(Sha256.hex(content));
  }
}
