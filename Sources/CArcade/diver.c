/// A submarine among fish, hostile submarines and divers, with oxygen for 200 steps.
///
/// A fish or a submarine shot is a point. Surfacing fills the oxygen and costs one rescued diver; with six it costs all
/// and pays a point for each lit cell of the oxygen gauge. Surfacing with none, running out of oxygen, or touching a
/// fish, a submarine or a torpedo ends the episode.
///
/// Planes: 0 front, 1 back, 2 shots, 3 where swimmers come from, 4 torpedoes, 5 fish, 6 hostile submarines, 7 oxygen
/// gauge, 8 gauge of rescued divers, 9 divers.
#include "arcade.h"

enum {
  OXYGEN = 200, CREW = 6, SHOT_INTERVAL = 5, TORPEDO_INTERVAL = 10, DIVER_SPAWN_INTERVAL = 30, DIVER_MOVE_INTERVAL = 5,
  FIRST_SPAWN_INTERVAL = 20, FIRST_MOVE_INTERVAL = 5, FASTEST_MOVE_INTERVAL = 2, DEEPEST = 8
};

void diver_begin(carcade_diver *game, arcade_random *random) {
  (void)random;
  memset(game, 0, sizeof *game);
  game->x = 5;
  game->oxygen = OXYGEN;
  game->at_surface = 1;
  game->spawn_interval = game->spawn_timer = FIRST_SPAWN_INTERVAL;
  game->diver_timer = DIVER_SPAWN_INTERVAL;
  game->move_interval = FIRST_MOVE_INTERVAL;
}

static bool touches(const carcade_diver *game, int x, int y) { return game->x == x && game->y == y; }

static void remove_swimmer(carcade_swimmer *list, uint8_t *count, int i) {
  (*count)--;
  memmove(list + i, list + i + 1, (size_t)(*count - i) * sizeof *list);
}

static void remove_bullet(carcade_bullet *list, uint8_t *count, int i) {
  (*count)--;
  memmove(list + i, list + i + 1, (size_t)(*count - i) * sizeof *list);
}

/// Whether a row holds a swimmer of the other direction.
static bool oncoming(const carcade_swimmer *list, int count, int y, bool right) {
  for (int i = 0; i < count; i++)
    if (list[i].y == y && list[i].right != right) return true;
  return false;
}

static void spawn_enemy(carcade_diver *game, arcade_random *random) {
  bool right = chance(random, 0.5);
  bool shoots = chance(random, 1.0 / 3);
  int y = 1 + below(random, DEEPEST);
  if (oncoming(game->fish, game->fish_count, y, right) || oncoming(game->subs, game->sub_count, y, right)) return;
  carcade_swimmer *list = shoots ? game->subs : game->fish;
  uint8_t *count = shoots ? &game->sub_count : &game->fish_count;
  // Can't be full: at most one enters a step, and at the lowest interval each leaves after 30.
  if (*count == CARCADE_MOST_SWIMMERS) return;
  list[(*count)++] = (carcade_swimmer){
      .x = right ? 0 : LAST, .y = (int8_t)y, .right = right, .timer = game->move_interval,
      .shot_timer = shoots ? TORPEDO_INTERVAL : 0};
}

static void spawn_diver(carcade_diver *game, arcade_random *random) {
  bool right = chance(random, 0.5);
  int y = 1 + below(random, DEEPEST);
  if (game->diver_count == CARCADE_MOST_DIVERS) return;
  game->divers[game->diver_count++] = (carcade_swimmer){
      .x = right ? 0 : LAST, .y = (int8_t)y, .right = right, .timer = DIVER_MOVE_INTERVAL};
}

static void steer(carcade_diver *game, int action) {
  if (action == CARCADE_FIRE && game->shot_timer == 0 && game->shot_count < CARCADE_MOST_SHOTS) {
    game->shots[game->shot_count++] = (carcade_bullet){game->x, game->y, game->right};
    game->shot_timer = SHOT_INTERVAL;
  } else if (action == CARCADE_LEFT || action == CARCADE_RIGHT) {
    game->right = action == CARCADE_RIGHT;
    game->x = (int8_t)clamp(game->x + (game->right ? 1 : -1), 0, LAST);
  }
  game->y = (int8_t)clamp(game->y + (action == CARCADE_DOWN) - (action == CARCADE_UP), 0, DEEPEST);
}

/// Removes the first swimmer at a cell; false where there is none.
static bool shoot(carcade_swimmer *list, uint8_t *count, int x, int y) {
  for (int i = 0; i < *count; i++) {
    if (list[i].x != x || list[i].y != y) continue;
    remove_swimmer(list, count, i);
    return true;
  }
  return false;
}

static void move_shots(carcade_diver *game, outcome *result) {
  for (int i = game->shot_count - 1; i >= 0; i--) {
    carcade_bullet *shot = &game->shots[i];
    shot->x = (int8_t)(shot->x + (shot->right ? 1 : -1));
    bool hit = inside(shot->x) && (shoot(game->fish, &game->fish_count, shot->x, shot->y)
                                   || shoot(game->subs, &game->sub_count, shot->x, shot->y));
    result->points += hit;
    if (hit || !inside(shot->x)) remove_bullet(game->shots, &game->shot_count, i);
  }
}

static void move_divers(carcade_diver *game) {
  for (int i = game->diver_count - 1; i >= 0; i--) {
    carcade_swimmer *diver = &game->divers[i];
    bool rescued = touches(game, diver->x, diver->y) && game->rescued < CREW;
    if (!rescued && diver->timer == 0) {
      diver->timer = DIVER_MOVE_INTERVAL;
      diver->x = (int8_t)(diver->x + (diver->right ? 1 : -1));
      rescued = touches(game, diver->x, diver->y) && game->rescued < CREW;
    } else if (!rescued) {
      diver->timer--;
    }
    game->rescued = (int16_t)(game->rescued + rescued);
    if (rescued || !inside(diver->x)) remove_swimmer(game->divers, &game->diver_count, i);
  }
}

/// Moves one enemy; false where it has left the grid or swum into a shot.
static bool move_enemy(carcade_diver *game, carcade_swimmer *enemy, outcome *result) {
  if (touches(game, enemy->x, enemy->y)) result->ended = true;
  if (enemy->timer > 0) {
    enemy->timer--;
    return true;
  }
  enemy->timer = game->move_interval;
  enemy->x = (int8_t)(enemy->x + (enemy->right ? 1 : -1));
  if (!inside(enemy->x)) return false;
  if (touches(game, enemy->x, enemy->y)) {
    result->ended = true;
    return true;
  }
  for (int i = 0; i < game->shot_count; i++) {
    if (game->shots[i].x != enemy->x || game->shots[i].y != enemy->y) continue;
    remove_bullet(game->shots, &game->shot_count, i);
    result->points++;
    return false;
  }
  return true;
}

static void move_subs(carcade_diver *game, outcome *result) {
  for (int i = game->sub_count - 1; i >= 0; i--) {
    carcade_swimmer *sub = &game->subs[i];
    if (!move_enemy(game, sub, result)) {
      remove_swimmer(game->subs, &game->sub_count, i);
    } else if (sub->shot_timer > 0) {
      sub->shot_timer--;
    } else {
      sub->shot_timer = TORPEDO_INTERVAL;
      if (game->torpedo_count < CARCADE_MOST_SWIMMERS)
        game->torpedoes[game->torpedo_count++] = (carcade_bullet){sub->x, sub->y, sub->right};
    }
  }
}

static void move_torpedoes(carcade_diver *game, outcome *result) {
  for (int i = game->torpedo_count - 1; i >= 0; i--) {
    carcade_bullet *torpedo = &game->torpedoes[i];
    if (touches(game, torpedo->x, torpedo->y)) result->ended = true;
    torpedo->x = (int8_t)(torpedo->x + (torpedo->right ? 1 : -1));
    if (!inside(torpedo->x)) remove_bullet(game->torpedoes, &game->torpedo_count, i);
    else if (touches(game, torpedo->x, torpedo->y)) result->ended = true;
  }
}

static void move_fish(carcade_diver *game, outcome *result) {
  for (int i = game->fish_count - 1; i >= 0; i--)
    if (!move_enemy(game, &game->fish[i], result)) remove_swimmer(game->fish, &game->fish_count, i);
}

static int gauge(const carcade_diver *game) { return clamp(game->oxygen, 0, OXYGEN) * SIZE / OXYGEN; }

static void surface(carcade_diver *game, bool ramping, outcome *result) {
  game->at_surface = 1;
  if (game->rescued == CREW) {
    result->points += gauge(game);
    game->rescued = 0;
  }
  // Also after a full crew: it leaves -1, with which surfacing doesn't end the episode. MinAtar 1.0.15 does the same.
  game->rescued--;
  game->oxygen = OXYGEN;
  if (!ramping || (game->spawn_interval <= 1 && game->move_interval <= FASTEST_MOVE_INTERVAL)) return;
  if (game->move_interval > FASTEST_MOVE_INTERVAL && game->ramps % 2) game->move_interval--;
  if (game->spawn_interval > 1) game->spawn_interval--;
  game->ramps++;
}

outcome diver_act(carcade_diver *game, int action, bool ramping, arcade_random *random) {
  outcome result = {0};
  if (game->spawn_timer == 0) {
    spawn_enemy(game, random);
    game->spawn_timer = game->spawn_interval;
  }
  if (game->diver_timer == 0) {
    spawn_diver(game, random);
    game->diver_timer = DIVER_SPAWN_INTERVAL;
  }
  steer(game, action);
  move_shots(game, &result);
  move_divers(game);
  move_subs(game, &result);
  move_torpedoes(game, &result);
  move_fish(game, &result);
  if (game->spawn_timer > 0) game->spawn_timer--;
  if (game->diver_timer > 0) game->diver_timer--;
  if (game->shot_timer > 0) game->shot_timer--;

  if (game->y > 0) {
    game->oxygen--;
    game->at_surface = 0;
    if (game->oxygen < 0) result.ended = true;
  } else if (!game->at_surface) {
    if (game->rescued == 0) result.ended = true;
    else surface(game, ramping, &result);
  }
  return result;
}

static void draw_swimmers(const carcade_swimmer *list, int count, int plane, uint8_t *observation) {
  for (int i = 0; i < count; i++) {
    int behind = list[i].x + (list[i].right ? -1 : 1);
    mark(observation, plane, list[i].y, list[i].x);
    if (inside(behind)) mark(observation, 3, list[i].y, behind);
  }
}

void diver_draw(const carcade_diver *game, uint8_t *observation) {
  mark(observation, 0, game->y, game->x);
  mark(observation, 1, game->y, game->x + (game->right ? -1 : 1));
  for (int i = 0; i < game->shot_count; i++) mark(observation, 2, game->shots[i].y, game->shots[i].x);
  for (int i = 0; i < game->torpedo_count; i++) mark(observation, 4, game->torpedoes[i].y, game->torpedoes[i].x);
  draw_swimmers(game->fish, game->fish_count, 5, observation);
  draw_swimmers(game->subs, game->sub_count, 6, observation);
  draw_swimmers(game->divers, game->diver_count, 9, observation);
  for (int x = 0; x < gauge(game); x++) mark(observation, 7, LAST, x);
  for (int x = LAST - game->rescued; x < LAST; x++) mark(observation, 8, LAST, x);
}

static bool swim(const carcade_swimmer *list, int count, int most, int slowest) {
  if (!within(count, 0, most)) return false;
  for (int i = 0; i < count; i++) {
    if (!inside(list[i].x) || !within(list[i].y, 1, DEEPEST) || !is_flag(list[i].right)) return false;
    if (!within(list[i].timer, 0, slowest) || !within(list[i].shot_timer, 0, TORPEDO_INTERVAL)) return false;
  }
  return true;
}

static bool fly(const carcade_bullet *list, int count, int most) {
  if (!within(count, 0, most)) return false;
  for (int i = 0; i < count; i++)
    if (!inside(list[i].x) || !within(list[i].y, 0, DEEPEST) || !is_flag(list[i].right)) return false;
  return true;
}

bool diver_is_possible(const carcade_diver *game) {
  // Whoever turns makes a step, so the back of the submarine is on the grid too; divers on board may be fewer than none.
  bool fits = inside(game->x) && inside(game->x + (game->right ? -1 : 1)) && within(game->rescued, INT16_MIN / 2, CREW);
  return fits && swim(game->fish, game->fish_count, CARCADE_MOST_SWIMMERS, FIRST_MOVE_INTERVAL)
         && swim(game->subs, game->sub_count, CARCADE_MOST_SWIMMERS, FIRST_MOVE_INTERVAL)
         && swim(game->divers, game->diver_count, CARCADE_MOST_DIVERS, DIVER_MOVE_INTERVAL)
         && fly(game->torpedoes, game->torpedo_count, CARCADE_MOST_SWIMMERS)
         && fly(game->shots, game->shot_count, CARCADE_MOST_SHOTS) && within(game->y, 0, DEEPEST)
         && within(game->oxygen, 0, OXYGEN) && is_flag(game->right) && is_flag(game->at_surface)
         && within(game->spawn_interval, 1, FIRST_SPAWN_INTERVAL) && within(game->spawn_timer, 0, FIRST_SPAWN_INTERVAL)
         && within(game->diver_timer, 0, DIVER_SPAWN_INTERVAL)
         && within(game->move_interval, FASTEST_MOVE_INTERVAL, FIRST_MOVE_INTERVAL)
         && within(game->shot_timer, 0, SHOT_INTERVAL)
         && within(game->ramps, 0, FIRST_SPAWN_INTERVAL + FIRST_MOVE_INTERVAL);
}
