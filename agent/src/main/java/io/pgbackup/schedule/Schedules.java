package io.pgbackup.schedule;

import java.time.Instant;
import java.util.Comparator;
import java.util.Date;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.quartz.JobBuilder;
import org.quartz.JobDetail;
import org.quartz.JobKey;
import org.quartz.Scheduler;
import org.quartz.SchedulerException;
import org.quartz.Trigger;
import org.quartz.impl.StdSchedulerFactory;

/// Runs named work at the times its [Timing] says, on daemon threads `schedule-run-n`. Nothing is
/// kept on disk: what was missed while the process was away is given as `since`.
///
/// Thread-safe.
public final class Schedules implements AutoCloseable {
  /// Two, so that a run under way is seen by the next one that comes.
  private static final int THREADS = 2;

  private final Scheduler scheduler;
  private final Map<String, ScheduledJob> jobs = new ConcurrentHashMap<>();

  public Schedules() {
    Properties properties = new Properties();
    // Quartz keeps a registry of the whole process and would answer with another one's scheduler
    properties.setProperty("org.quartz.scheduler.instanceName", UUID.randomUUID().toString());
    properties.setProperty("org.quartz.scheduler.threadName", "schedule");
    properties.setProperty("org.quartz.threadPool.threadNamePrefix", "schedule-run");
    properties.setProperty("org.quartz.scheduler.makeSchedulerThreadDaemon", "true");
    properties.setProperty("org.quartz.scheduler.skipUpdateCheck", "true");
    properties.setProperty("org.quartz.threadPool.class", "org.quartz.simpl.SimpleThreadPool");
    properties.setProperty("org.quartz.threadPool.threadCount", Integer.toString(THREADS));
    properties.setProperty("org.quartz.threadPool.makeThreadsDaemons", "true");
    properties.setProperty("org.quartz.jobStore.class", "org.quartz.simpl.RAMJobStore");
    try {
      scheduler = new StdSchedulerFactory(properties).getScheduler();
      scheduler.setJobFactory(
          (bundle, _) ->
              Objects.requireNonNull(jobs.get(bundle.getJobDetail().getKey().getName())));
      scheduler.start();
    } catch (SchedulerException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Adds work under a name of its own.
  ///
  /// @param since when the work was last done: if the schedule came between then and now, one run
  ///   makes up for it at once
  /// @param work a failure that it throws is logged and ends nothing
  public void add(String name, Timing timing, Instant since, Runnable work) {
    if (jobs.putIfAbsent(name, new ScheduledJob(name, timing, work)) != null) {
      throw new IllegalArgumentException("there is a schedule called " + name);
    }
    JobDetail detail =
        JobBuilder.newJob(ScheduledJob.class).withIdentity(name).storeDurably().build();
    Optional<Instant> first = timing.firstAfter(since);
    try {
      scheduler.addJob(detail, false);
      if (first.isPresent()) {
        scheduler.scheduleJob(ScheduledJob.at(name, first.get()));
      }
    } catch (SchedulerException e) {
      throw new IllegalStateException(e);
    }
  }

  /// The same in the place of what had that name. A run of it that is under way goes on.
  public synchronized void replace(String name, Timing timing, Instant since, Runnable work) {
    remove(name);
    add(name, timing, since, work);
  }

  /// Takes work away; it comes no more. Nothing happens where there is none of that name.
  public synchronized void remove(String name) {
    try {
      scheduler.deleteJob(JobKey.jobKey(name));
    } catch (SchedulerException e) {
      throw new IllegalStateException(e);
    }
    jobs.remove(name);
  }

  /// When the named work comes next; empty for a name that was not added.
  public Optional<Instant> next(String name) {
    try {
      return scheduler.getTriggersOfJob(JobKey.jobKey(name)).stream()
          .map(Trigger::getNextFireTime)
          .filter(Objects::nonNull)
          .map(Date::toInstant)
          .min(Comparator.naturalOrder());
    } catch (SchedulerException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Starts nothing more. Work under way goes on; its owner ends it.
  @Override
  public void close() {
    try {
      scheduler.shutdown(false);
    } catch (SchedulerException e) {
      throw new IllegalStateException(e);
    }
  }
}
