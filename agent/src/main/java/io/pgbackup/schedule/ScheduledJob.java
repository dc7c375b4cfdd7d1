package io.pgbackup.schedule;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;
import org.quartz.Job;
import org.quartz.JobExecutionContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs one named piece of work when its triggers say so, never twice at a time and never twice for
/// the same minute: two triggers of one schedule may meet, and several missed runs come together.
final class ScheduledJob implements Job {
  private static final Logger LOGGER = LoggerFactory.getLogger(ScheduledJob.class);

  private final String name;
  private final Runnable work;
  private boolean running;
  private @Nullable Instant lastMinute;

  ScheduledJob(String name, Runnable work) {
    this.name = name;
    this.work = work;
  }

  @Override
  public void execute(JobExecutionContext context) {
    run(context.getScheduledFireTime().toInstant());
  }

  void run(Instant due) {
    if (!begin(due.truncatedTo(ChronoUnit.MINUTES))) {
      LOGGER
          .atDebug()
          .addKeyValue("schedule", name)
          .log("schedule came while its run was under way");
      return;
    }
    try {
      work.run();
    } catch (RuntimeException e) {
      LOGGER.atError().addKeyValue("schedule", name).setCause(e).log("scheduled work failed");
    } finally {
      end();
    }
  }

  private synchronized boolean begin(Instant minute) {
    if (running || minute.equals(lastMinute)) {
      return false;
    }
    running = true;
    lastMinute = minute;
    return true;
  }

  private synchronized void end() {
    running = false;
  }
}
