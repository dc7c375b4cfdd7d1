package io.pgbackup.credentials.broker;

import io.pgbackup.credentials.CredentialDocument;

/// Told what becomes of each output, by many threads.
public interface RenewalListener {
  void renewed(RenewedOutput output, CredentialDocument credential);

  /// What was in use is still in use; another attempt follows.
  void failed(RenewedOutput output, RuntimeException reason);
}
