package io.pgbackup.kubernetes.report;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One thing that Kubernetes is told. Where that fails it is said once, and tried again after a
/// while, until it works.
///
/// Belongs to one thread.
final class Channel {
  private static final Logger LOGGER = LoggerFactory.getLogger(Channel.class);
  private static final Duration PAUSE = Duration.ofMinutes(1);

  interface Work {
    void run() throws IOException;
  }

  private final String what;
  private boolean broken;
  private Instant notBefore = Instant.MIN;

  Channel(String what) {
    this.what = what;
  }

  boolean isOpen(Instant now) {
    return !now.isBefore(notBefore);
  }

  /// @return whether it worked
  boolean attempt(Instant now, Work work) {
    try {
      work.run();
    } catch (IOException e) {
      notBefore = now.plus(PAUSE);
      if (!broken) {
        LOGGER
            .atWarn()
            .addKeyValue("what", what)
            .addKeyValue("problem", words(e))
            .log("Kubernetes is not told; backups and archiving go on without it");
      }
      broken = true;
      return false;
    }
    if (broken) {
      LOGGER.atInfo().addKeyValue("what", what).log("Kubernetes is told again");
    }
    broken = false;
    return true;
  }

  /// Some of the JDK's have no words of their own.
  private static String words(IOException e) {
    return e instanceof Refusal ? String.valueOf(e.getMessage()) : e.toString();
  }
}
