package io.pgbackup.schedule;

import java.time.Instant;
import java.util.Date;
import java.util.concurrent.atomic.AtomicBoolean;
import org.quartz.Job;
import org.quartz.JobExecutionContext;
import org.quartz.JobExecutionException;
import org.quartz.SchedulerException;
import org.quartz.SimpleScheduleBuilder;
import org.quartz.Trigger;
import org.quartz.TriggerBuilder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs one named piece of work at its times, never twice at a time. Each run plans the next one
/// before it works, so however many times have passed meanwhile, one run makes up for them.
final class ScheduledJob implements Job {
  private static final Logger LOGGER = LoggerFactory.getLogger(ScheduledJob.class);

  private final String name;
  private final Timing timing;
  private final Runnable work;
  private final AtomicBoolean running = new AtomicBoolean();

  ScheduledJob(String name, Timing timing, Runnable work) {
    this.name = name;
    this.timing = timing;
    this.work = work;
  }

  /// At this time, or now where that has passed.
  static Trigger at(String name, Instant due) {
    return TriggerBuilder.newTrigger()
        .withIdentity(name)
        .forJob(name)
        .startAt(Date.from(due))
        .withSchedule(
            SimpleScheduleBuilder.simpleSchedule().withMisfireHandlingInstructionFireNow())
        .build();
  }

  @Override
  public void execute(JobExecutionContext context) throws JobExecutionException {
    Instant due = context.getScheduledFireTime().toInstant();
    Instant now = Instant.now();
    try {
      var next = timing.firstAfter(due.isAfter(now) ? due : now);
      if (next.isPresent()) {
        // does nothing where the work was taken away meanwhile
        context.getScheduler().rescheduleJob(context.getTrigger().getKey(), at(name, next.get()));
      }
    } catch (SchedulerException e) {
      throw new JobExecutionException(e);
    }
    run();
  }

  void run() {
    if (!running.compareAndSet(false, true)) {
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
      running.set(false);
    }
  }
}
