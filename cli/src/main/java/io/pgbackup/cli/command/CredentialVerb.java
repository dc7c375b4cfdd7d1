package io.pgbackup.cli.command;

import io.pgbackup.config.BrokerSettings;

/// A verb that works with the parent credential.
abstract class CredentialVerb extends Verb {
  CredentialVerb(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  public final void run() {
    BrokerSettings settings = configuration().broker();
    try (Brokerage brokerage = surroundings().brokerages().apply(settings)) {
      run(settings, brokerage);
    }
  }

  /// How the next step begins on a command line.
  final String credentials() {
    return "pgbackup " + configuration().option() + "credentials ";
  }

  abstract void run(BrokerSettings settings, Brokerage brokerage);
}
