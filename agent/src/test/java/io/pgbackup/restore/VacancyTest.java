package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pgbackup.postgres.ControlFile;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VacancyTest {
  @TempDir Path volume;

  private Path data;

  @BeforeEach
  void name() {
    data = volume.resolve("data");
  }

  private static void make(Path file) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "x");
  }

  private void unfinished(RestoreDestination destination) throws IOException {
    RestoreJournal.begin(
            RestoreJournalTest.plan(new RecoveryTarget.Latest()),
            destination,
            Instant.EPOCH,
            Optional.empty(),
            Optional.empty(),
            Optional.empty())
        .write(RestorePaths.of(data));
  }

  private String refused() {
    PgBackupException[] thrown = new PgBackupException[1];
    assertThatExceptionOfType(PgBackupException.class)
        .isThrownBy(() -> Vacancy.of(data))
        .satisfies(e -> thrown[0] = e);
    assertThat(thrown[0].problem()).isInstanceOf(Problem.Refused.class);
    return thrown[0].problem().message();
  }

  @Test
  void aVolumeWithoutTheDirectoryIsEmpty() throws IOException {
    make(volume.resolve("lost+found/x"));

    assertThat(Vacancy.of(data)).isEqualTo(Vacancy.EMPTY);

    Files.createDirectory(data);
    // of a restore that was cut off before it had a journal
    make(volume.resolve("data.pgbackup-restore/lock"));
    assertThat(Vacancy.of(data)).isEqualTo(Vacancy.EMPTY);
  }

  @Test
  void dataOfAServerAreNeverFilledWhateverLiesBeside() throws IOException {
    make(data.resolve("PG_VERSION"));
    make(data.resolve(ControlFile.PATH));
    make(volume.resolve("data.pgbackup.json"));

    assertThat(Vacancy.of(data)).isEqualTo(Vacancy.FILLED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "data/PG_VERSION",
        "data/unknown",
        "data.pgbackup.json",
        "data.before-restore-20261121T000000Z/PG_VERSION"
      })
  void whateverElseIsThereIsNamed(String file) throws IOException {
    make(volume.resolve(file));

    assertThat(refused()).contains(file.replaceFirst("/PG_VERSION$", ""));
  }

  @Test
  void whatWasCutOffGoesOn() throws IOException {
    unfinished(new RestoreDestination.NewDirectory(data, Optional.empty()));

    assertThat(Vacancy.of(data)).isEqualTo(Vacancy.UNFINISHED);

    make(volume.resolve("data.pgbackup-restore/data/PG_VERSION"));
    assertThat(Vacancy.of(data)).isEqualTo(Vacancy.UNFINISHED);

    // put in place, and not noted yet
    Files.delete(volume.resolve("data.pgbackup-restore/data/PG_VERSION"));
    Files.delete(volume.resolve("data.pgbackup-restore/data"));
    make(data.resolve("PG_VERSION"));
    assertThat(Vacancy.of(data)).isEqualTo(Vacancy.UNFINISHED);
  }

  @Test
  void somebodyElsesDataAreSafeFromWhatWasCutOff() throws IOException {
    unfinished(new RestoreDestination.NewDirectory(data, Optional.empty()));
    make(volume.resolve("data.pgbackup-restore/data/PG_VERSION"));
    make(data.resolve("PG_VERSION"));
    make(data.resolve(ControlFile.PATH));

    assertThat(refused()).contains("filled by something else");
  }

  @Test
  void aRestoreInPlaceThatWasCutOffIsNotOverruled() throws IOException {
    unfinished(new RestoreDestination.InPlace(data, false));

    assertThat(refused()).contains("in place");

    // it fetches beside a server that goes on, and may start again meanwhile
    make(data.resolve("PG_VERSION"));
    make(data.resolve(ControlFile.PATH));
    assertThat(Vacancy.of(data)).isEqualTo(Vacancy.FILLED);
  }
}
