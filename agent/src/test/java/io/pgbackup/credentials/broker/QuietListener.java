package io.pgbackup.credentials.broker;

import io.pgbackup.credentials.CredentialDocument;

final class QuietListener implements RenewalListener {
  @Override
  public void renewed(RenewedOutput output, CredentialDocument credential) {}

  @Override
  public void failed(RenewedOutput output, RuntimeException reason) {}
}
