package io.pgbackup.schedule;

import java.time.Instant;
import java.time.ZoneId;
import java.util.Collection;
import java.util.Comparator;
import java.util.Date;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TimeZone;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.quartz.Calendar;
import org.quartz.CronScheduleBuilder;
import org.quartz.CronTrigger;
import org.quartz.TriggerBuilder;
import org.quartz.TriggerUtils;
import org.quartz.impl.calendar.WeeklyCalendar;
import org.quartz.spi.OperableTrigger;

/// A crontab as Quartz has it. Quartz counts days of the week from 1, Sunday, knows seconds, and
/// takes only one of the two days: where either suffices there are two triggers, which may come at
/// the same minute; where both must match, a calendar leaves out the other days of the week.
///
/// @param daysOfWeek leaves out days; empty where the triggers alone say everything
record CronTriggers(List<CronTrigger> triggers, Optional<Calendar> daysOfWeek) {
  private static final String ANY = "?";

  /// @param since nothing comes before it
  static CronTriggers of(String name, Crontab crontab, ZoneId zone, Instant since) {
    TimeZone timeZone = TimeZone.getTimeZone(zone);
    boolean everyDayOfWeek = crontab.daysOfWeek().size() == 7;
    boolean everyDayOfMonth = crontab.daysOfMonth().size() == 31;
    boolean both = !crontab.eitherDay() && !everyDayOfWeek && !everyDayOfMonth;
    boolean byMonth = crontab.eitherDay() || both || everyDayOfWeek;
    boolean byWeek = crontab.eitherDay() || !byMonth;
    Stream<String> days =
        Stream.concat(
            byMonth
                ? Stream.of(expression(crontab, list(crontab.daysOfMonth()), ANY))
                : Stream.of(),
            byWeek ? Stream.of(expression(crontab, ANY, quartzDays(crontab))) : Stream.of());
    return new CronTriggers(
        days.map(expression -> trigger(name, expression, timeZone, since))
            .filter(trigger -> trigger.getFireTimeAfter(Date.from(since)) != null)
            .toList(),
        both ? Optional.of(only(crontab, timeZone)) : Optional.empty());
  }

  /// The first time after this instant.
  Optional<Instant> firstAfter(Instant instant) {
    return triggers.stream()
        .map(trigger -> firstAfter(trigger, instant))
        .flatMap(Optional::stream)
        .min(Comparator.naturalOrder());
  }

  private Optional<Instant> firstAfter(CronTrigger trigger, Instant instant) {
    CronTrigger later =
        trigger.getTriggerBuilder().startAt(Date.from(instant.plusSeconds(1))).build();
    return TriggerUtils.computeFireTimes((OperableTrigger) later, daysOfWeek.orElse(null), 1)
        .stream()
        .findFirst()
        .map(Date::toInstant);
  }

  private static CronTrigger trigger(String name, String expression, TimeZone zone, Instant since) {
    return TriggerBuilder.newTrigger()
        .withIdentity(name + " " + expression)
        .forJob(name)
        .startAt(Date.from(since))
        .withSchedule(CronScheduleBuilder.cronSchedule(expression).inTimeZone(zone))
        .build();
  }

  private static String expression(Crontab crontab, String daysOfMonth, String daysOfWeek) {
    return Stream.of(
            "0",
            list(crontab.minutes()),
            list(crontab.hours()),
            daysOfMonth,
            list(crontab.months()),
            daysOfWeek)
        .collect(Collectors.joining(" "));
  }

  private static String quartzDays(Crontab crontab) {
    return list(crontab.daysOfWeek().stream().map(day -> day + 1).toList());
  }

  private static String list(Collection<Integer> numbers) {
    return numbers.stream().map(Objects::toString).collect(Collectors.joining(","));
  }

  private static Calendar only(Crontab crontab, TimeZone zone) {
    WeeklyCalendar calendar = new WeeklyCalendar(zone);
    for (int day = 0; day < 7; day++) {
      calendar.setDayExcluded(day + 1, !crontab.daysOfWeek().contains(day));
    }
    return calendar;
  }
}
