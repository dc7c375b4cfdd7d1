package io.pgbackup.credentials.broker;

import io.pgbackup.credentials.CredentialDocument;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

final class MemorySink implements CredentialSink {
  private volatile @Nullable CredentialDocument content;

  @Override
  public String name() {
    return "memory";
  }

  @Override
  public Optional<CredentialDocument> current() {
    return Optional.ofNullable(content);
  }

  @Override
  public void write(CredentialDocument document) {
    content = document;
  }

  void clear() {
    content = null;
  }
}
