/// A road of eight lanes to cross upwards. Reaching the other side is a point; a car sends the player back to the
/// start. The episode ends with frame 2501.
///
/// Planes: 0 player, 1 cars, 2 to 6 the cell behind a car that moves every 2nd to every 6th step.
#include "arcade.h"

enum { CARS = 8, CAR_COLUMN = 4, PLAYER_INTERVAL = 3, FRAMES = 2500, SLOWEST = 5 };

/// Gives every car a new interval and direction.
static void shuffle(carcade_crossing *game, arcade_random *random) {
  for (int i = 0; i < CARS; i++) game->car[i].interval = game->car[i].timer = (int8_t)(1 + below(random, SLOWEST));
  for (int i = 0; i < CARS; i++) game->car[i].step = chance(random, 0.5) ? -1 : 1;
}

void crossing_begin(carcade_crossing *game, arcade_random *random) {
  memset(game, 0, sizeof *game);
  shuffle(game, random);
  game->y = LAST;
  game->move_timer = PLAYER_INTERVAL;
  game->frames_left = FRAMES;
}

outcome crossing_act(carcade_crossing *game, int action, bool ramping, arcade_random *random) {
  (void)ramping;
  outcome result = {0};
  int move = (action == CARCADE_DOWN) - (action == CARCADE_UP);
  if (move && game->move_timer == 0) {
    game->y = (int8_t)clamp(game->y + move, 0, LAST);
    game->move_timer = PLAYER_INTERVAL;
  }
  if (game->y == 0) {
    result.points = 1;
    shuffle(game, random);
    game->y = LAST;
  }
  for (int i = 0; i < CARS; i++) {
    // Hit by walking into the car as well as by the car's own move.
    if (game->car[i].x == CAR_COLUMN && game->y == i + 1) game->y = LAST;
    if (game->car[i].timer == 0) {
      game->car[i].timer = game->car[i].interval;
      game->car[i].x = (int8_t)((game->car[i].x + game->car[i].step + SIZE) % SIZE);
      if (game->car[i].x == CAR_COLUMN && game->y == i + 1) game->y = LAST;
    } else {
      game->car[i].timer--;
    }
  }
  if (game->move_timer > 0) game->move_timer--;
  game->frames_left--;
  result.ended = game->frames_left < 0;
  return result;
}

void crossing_draw(const carcade_crossing *game, uint8_t *observation) {
  mark(observation, 0, game->y, CAR_COLUMN);
  for (int i = 0; i < CARS; i++) {
    int behind = (game->car[i].x - game->car[i].step + SIZE) % SIZE;
    mark(observation, 1, i + 1, game->car[i].x);
    mark(observation, 1 + game->car[i].interval, i + 1, behind);
  }
}

bool crossing_is_possible(const carcade_crossing *game) {
  for (int i = 0; i < CARS; i++) {
    if (!inside(game->car[i].x) || abs(game->car[i].step) != 1) return false;
    if (!within(game->car[i].interval, 1, SLOWEST) || !within(game->car[i].timer, 0, game->car[i].interval)) return false;
  }
  return within(game->y, 1, LAST) && within(game->move_timer, 0, PLAYER_INTERVAL) && within(game->frames_left, 0, FRAMES);
}
