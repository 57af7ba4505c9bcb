/// A paddle and a ball under three rows of bricks. A broken brick is a point; losing the ball ends the episode.
///
/// Planes: 0 paddle, 1 ball, 2 where the ball was, 3 bricks.
#include "arcade.h"

enum { TOP_BRICKS = 1, BOTTOM_BRICKS = 3, FULL_ROW = (1 << SIZE) - 1 };

static void build_wall(carcade_bricks *game) {
  for (int y = TOP_BRICKS; y <= BOTTOM_BRICKS; y++) game->wall[y] = FULL_ROW;
}

static bool wall_is_gone(const carcade_bricks *game) {
  uint32_t left = 0;
  for (int y = TOP_BRICKS; y <= BOTTOM_BRICKS; y++) left |= game->wall[y];
  return left == 0;
}

void bricks_begin(carcade_bricks *game, arcade_random *random) {
  bool from_right = below(random, 2);
  memset(game, 0, sizeof *game);
  build_wall(game);
  game->paddle = 4;
  game->x = game->trail_x = from_right ? LAST : 0;
  game->y = game->trail_y = 3;
  game->dx = from_right ? -1 : 1;
  game->dy = 1;
}

outcome bricks_act(carcade_bricks *game, int action, bool ramping, arcade_random *random) {
  (void)ramping, (void)random;
  outcome result = {0};
  int move = (action == CARCADE_RIGHT) - (action == CARCADE_LEFT);
  game->paddle = (int8_t)clamp(game->paddle + move, 0, LAST);

  game->trail_x = game->x;
  game->trail_y = game->y;
  int x = game->x + game->dx, y = game->y + game->dy;
  if (!inside(x)) {
    game->dx = (int8_t)-game->dx;
    x = game->x;
  }
  // A ball that broke a brick passes through bricks until a step in which it meets none.
  bool meets_brick = y >= 0 && (game->wall[y] >> x & 1);
  if (y < 0) {
    game->dy = 1;
    y = 0;
  } else if (meets_brick) {
    if (!game->struck) {
      result.points = 1;
      game->wall[y] &= (uint16_t)~(1u << x);
      game->dy = (int8_t)-game->dy;
      y = game->y;
    }
  } else if (y == LAST) {
    if (wall_is_gone(game)) build_wall(game);
    if (game->x == game->paddle) {
      game->dy = -1;
      y = game->y;
    } else if (x == game->paddle) {  // met on the side it comes from: sent back there
      game->dx = (int8_t)-game->dx;
      game->dy = -1;
      y = game->y;
    } else {
      result.ended = true;
    }
  }
  game->struck = meets_brick;
  game->x = (int8_t)x;
  game->y = (int8_t)y;
  return result;
}

void bricks_draw(const carcade_bricks *game, uint8_t *observation) {
  mark(observation, 0, LAST, game->paddle);
  mark(observation, 1, game->y, game->x);
  mark(observation, 2, game->trail_y, game->trail_x);
  mark_rows(observation, 3, game->wall);
}

bool bricks_is_possible(const carcade_bricks *game) {
  bool fits = rows_fit(game->wall);
  for (int y = 0; y < SIZE; y++) fits = fits && (within(y, TOP_BRICKS, BOTTOM_BRICKS) || game->wall[y] == 0);
  // A ball on the lowest row has ended the episode.
  return fits && inside(game->paddle) && inside(game->x) && within(game->y, 0, LAST - 1) && inside(game->trail_x)
         && inside(game->trail_y) && abs(game->dx) == 1 && abs(game->dy) == 1 && is_flag(game->struck);
}
