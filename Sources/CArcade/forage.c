/// Treasures and enemies drift through eight lanes. A treasure touched is a point; an enemy touched ends the episode.
///
/// Planes: 0 player, 1 enemies, 2 where enemies and treasures come from, 3 treasures.
#include "arcade.h"

enum { LANES = 8, FIRST_SPAWN_INTERVAL = 10, FIRST_MOVE_INTERVAL = 5, RAMP_INTERVAL = 100 };

void forage_begin(carcade_forage *game, arcade_random *random) {
  (void)random;
  memset(game, 0, sizeof *game);
  game->x = game->y = 5;
  game->spawn_interval = game->spawn_timer = FIRST_SPAWN_INTERVAL;
  game->move_interval = game->move_timer = FIRST_MOVE_INTERVAL;
  game->ramp_timer = RAMP_INTERVAL;
}

static void spawn(carcade_forage *game, arcade_random *random) {
  bool right = chance(random, 0.5);
  bool treasure = chance(random, 1.0 / 3);
  int empty[LANES], count = 0;
  for (int lane = 0; lane < LANES; lane++)
    if (!game->lane[lane].present) empty[count++] = lane;
  if (count == 0) return;
  int lane = empty[below(random, (uint32_t)count)];
  game->lane[lane].present = 1;
  game->lane[lane].x = right ? 0 : LAST;
  game->lane[lane].right = right;
  game->lane[lane].treasure = treasure;
}

/// What is in the player's lane is taken, or takes the player, where the two meet.
static void meet(carcade_forage *game, int lane, outcome *result) {
  if (!game->lane[lane].present || lane + 1 != game->y || game->lane[lane].x != game->x) return;
  if (game->lane[lane].treasure) {
    game->lane[lane].present = 0;
    result->points++;
  } else {
    result->ended = true;
  }
}

/// Every second time both intervals shrink, otherwise only the one between spawns.
static void ramp(carcade_forage *game) {
  if (game->spawn_interval <= 1 && game->move_interval <= 1) return;
  if (game->ramp_timer >= 0) {
    game->ramp_timer--;
    return;
  }
  if (game->move_interval > 1 && game->ramps % 2) game->move_interval--;
  if (game->spawn_interval > 1) game->spawn_interval--;
  game->ramps++;
  game->ramp_timer = RAMP_INTERVAL;
}

outcome forage_act(carcade_forage *game, int action, bool ramping, arcade_random *random) {
  outcome result = {0};
  if (game->spawn_timer == 0) {
    spawn(game, random);
    game->spawn_timer = game->spawn_interval;
  }
  game->x = (int8_t)clamp(game->x + (action == CARCADE_RIGHT) - (action == CARCADE_LEFT), 0, LAST);
  game->y = (int8_t)clamp(game->y + (action == CARCADE_DOWN) - (action == CARCADE_UP), 1, LANES);
  meet(game, game->y - 1, &result);

  if (game->move_timer == 0) {
    game->move_timer = game->move_interval;
    for (int lane = 0; lane < LANES; lane++) {
      if (!game->lane[lane].present) continue;
      game->lane[lane].x = (int8_t)(game->lane[lane].x + (game->lane[lane].right ? 1 : -1));
      if (inside(game->lane[lane].x)) meet(game, lane, &result);
      else game->lane[lane].present = 0;
    }
  }
  game->spawn_timer--;
  game->move_timer--;
  if (ramping) ramp(game);
  return result;
}

void forage_draw(const carcade_forage *game, uint8_t *observation) {
  mark(observation, 0, game->y, game->x);
  for (int lane = 0; lane < LANES; lane++) {
    if (!game->lane[lane].present) continue;
    int x = game->lane[lane].x, behind = x + (game->lane[lane].right ? -1 : 1);
    mark(observation, game->lane[lane].treasure ? 3 : 1, lane + 1, x);
    if (inside(behind)) mark(observation, 2, lane + 1, behind);
  }
}

bool forage_is_possible(const carcade_forage *game) {
  for (int lane = 0; lane < LANES; lane++) {
    if (!is_flag(game->lane[lane].present) || !is_flag(game->lane[lane].right) || !is_flag(game->lane[lane].treasure))
      return false;
    if (game->lane[lane].present && !inside(game->lane[lane].x)) return false;
  }
  return inside(game->x) && within(game->y, 1, LANES) && within(game->spawn_interval, 1, FIRST_SPAWN_INTERVAL)
         && within(game->spawn_timer, 0, FIRST_SPAWN_INTERVAL) && within(game->move_interval, 1, FIRST_MOVE_INTERVAL)
         && within(game->move_timer, 0, FIRST_MOVE_INTERVAL) && within(game->ramp_timer, -1, RAMP_INTERVAL)
         && within(game->ramps, 0, FIRST_SPAWN_INTERVAL + FIRST_MOVE_INTERVAL);
}
