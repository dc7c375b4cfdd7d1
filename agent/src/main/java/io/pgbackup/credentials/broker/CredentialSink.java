package io.pgbackup.credentials.broker;

import io.pgbackup.credentials.CredentialDocument;
import java.util.Optional;

/// Where one credential is kept for whoever uses it: a file, or a Secret of Kubernetes.
///
/// Used by one thread at a time; calls block. All failures are
/// [io.pgbackup.problem.PgBackupException]; their texts show no secret.
public interface CredentialSink {
  /// The place, for messages.
  String name();

  /// What lies there now; empty where nothing does.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if something else lies there, which is
  ///   not ours to replace
  Optional<CredentialDocument> current();

  /// Swaps the whole content at once: a reader sees the old credential or the new one.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if something else lies there
  void write(CredentialDocument document);
}
