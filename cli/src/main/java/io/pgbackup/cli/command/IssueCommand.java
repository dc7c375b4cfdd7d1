package io.pgbackup.cli.command;

import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.broker.Broker.Holder;
import io.pgbackup.credentials.policy.Role;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Command;

@Command(
    name = "issue",
    description = "Issue a credential. Those issued before stay as they are.",
    footer = {
      "",
      "json is what storage.credentials.file reads, env is for a shell, secret for Kubernetes.",
      "",
      "Examples:",
      "  pgbackup -c broker.yaml credentials issue --namespace shop --cluster orders \\",
      "    --role archiver --out /etc/pgbackup/archiver.json",
      "  pgbackup -c broker.yaml credentials issue --namespace shop --cluster orders \\",
      "    --role archiver -o secret | kubectl apply --server-side -f -",
      "  set -a; eval \"$(pgbackup -c broker.yaml credentials issue --cluster orders \\",
      "    --role restorer --ttl 2h -o env)\"; set +a",
    })
final class IssueCommand extends IssuingVerb {
  IssueCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  CredentialDocument credential(
      Brokerage brokerage, Holder whose, Role wanted, Optional<Duration> life) {
    return brokerage.broker().issue(whose, wanted, life);
  }
}
