package io.pgbackup.cli.command;

import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.broker.Broker;
import io.pgbackup.credentials.broker.Broker.Holder;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Command;

@Command(
    name = "rotate",
    description = "Issue a new credential and end the old ones of the role.",
    footer = {
      "",
      "First one is issued to prove that it can be. Then all of the role end, at once, and the one",
      "that is issued after that is written. Where the store cannot end them, that is said, and they",
      "live until they expire; an agent that holds one goes on with it unless the new one ends later.",
      "",
      "Example:",
      "  pgbackup -c broker.yaml credentials rotate --namespace shop --cluster orders \\",
      "    --role archiver --out /etc/pgbackup/archiver.json",
    })
final class RotateCommand extends IssuingVerb {
  RotateCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  CredentialDocument credential(
      Brokerage brokerage, Holder whose, Role wanted, Optional<Duration> life) {
    Broker broker = brokerage.broker();
    CredentialDocument proof = broker.issue(whose, wanted, life);
    try {
      broker.revoke(whose, Optional.of(wanted));
    } catch (PgBackupException e) {
      if (e.problem() instanceof Problem.Refused refused) {
        say("NOTE: the old ones were not ended: " + refused.message());
        refused.hint().ifPresent(hint -> say("HINT: " + hint));
        return proof;
      }
      throw e;
    }
    say(
        "every %s credential of %s for %s has ended"
            .formatted(wanted.word(), whose.cluster(), whose.scope().folder().path()));
    try {
      return broker.issue(whose, wanted, life);
    } catch (PgBackupException e) {
      say("WARNING: the old ones have ended and no new one was written; run it again");
      throw e;
    }
  }
}
